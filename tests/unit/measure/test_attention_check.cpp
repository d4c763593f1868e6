// The harness's correctness check, run against the kernels on the CPU emulator: its layouts, block
// tables and FP64 comparison are right before a GPU ever sees them, and they catch wrong results.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <set>

#include "kernels/emu/attention.hpp"
#include "validation/measure/attention_check.hpp"

using namespace fieldsim;
using namespace fieldsim::measure;

namespace {

std::string run_on_emulator(const AttentionCase& c, const CaseData& data, CaseResult* result) {
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  const std::size_t bytes = (c.workspace_bytes + 255) / 256 * 256;
  const std::unique_ptr<void, Free> workspace(std::aligned_alloc(256, bytes));
  // Arguments want 16-byte alignment, which vectors of this size have.
  CaseBuffers b;
  b.q = data.q.data();
  b.k = data.k.data();
  b.v = data.v.data();
  b.anchor_k = data.anchor_k.data();
  b.anchor_v = data.anchor_v.data();
  b.table = c.table.data();
  b.gamma = &c.gamma;
  b.out = result->out.data();
  b.lse = result->lse.data();
  const kernels::Args args = args_of(c, b);
  void* const w = workspace.get();
  kernels::emu::init_workspace(c.problem, w);
  kernels::emu::RunResult run;
  if (c.point.variant == Variant::two_pass) {
    kernels::emu::upload_two_pass(c.problem, c.two_pass, w);
    run = kernels::emu::run_two_pass(c.problem, args, c.two_pass, w, bytes, 1);
  } else {
    kernels::emu::upload_plan(c.problem, c.plan, w);
    run = c.point.variant == Variant::unfused
              ? kernels::emu::run_unfused(c.problem, args, c.plan, w, bytes, 1)
              : kernels::emu::run(c.problem, args, c.plan, w, bytes, 1);
  }
  if (!run.error.ok()) return std::string(run.error.argument) + " " + run.error.reason;
  return run.ok() ? "" : "the emulator stopped";
}

// A device small enough that plans split and combine at these lengths.
const kernels::DeviceInfo kDevice{90, 4, 233472, 232448, 65536, 64, 32};

}  // namespace

TEST_CASE("Attention check: the kernels pass on the emulator, every variant") {
  for (const Point& point : check_points()) {
    if (point.context > 400) continue;  // the long ones are for a GPU
    const Check check = check_point(point, kDevice, run_on_emulator);
    std::string text = check.name + " " + check.note;
    for (const auto& [name, value] : check.parameters) text += " " + name + "=" + text_of(value);
    INFO(text << " error " << check.error);
    CHECK(check.passed);
  }
}

TEST_CASE("Attention check: unwritten, wrong and slightly wrong results fail") {
  const Point point = check_points().front();
  const auto with = [&](auto change) {
    return check_point(point, kDevice,
                       [&](const AttentionCase& c, const CaseData& d, CaseResult* r) {
                         const std::string error = run_on_emulator(c, d, r);
                         change(r);
                         return error;
                       });
  };
  REQUIRE(with([](CaseResult*) {}).passed);
  const Check unwritten = with([](CaseResult* r) { r->out[5] = 0x7fff; });  // one element
  CHECK_FALSE(unwritten.passed);
  CHECK(unwritten.note.find("NaN") != std::string::npos);
  CHECK_FALSE(with([](CaseResult* r) { r->lse[3] += 0.01F; }).passed);
  CHECK_FALSE(with([](CaseResult* r) {
                for (std::size_t i = 0; i < 128; ++i) r->out[i] = 0;  // one head's row lost
              }).passed);
  // A run that does nothing leaves the poison.
  const Check nothing = check_point(
      point, kDevice, [](const AttentionCase&, const CaseData&, CaseResult*) { return ""; });
  CHECK_FALSE(nothing.passed);
  CHECK(nothing.note.find("NaN") != std::string::npos);
  CHECK(check_point(point, kDevice, [](const AttentionCase&, const CaseData&, CaseResult*) {
          return "refused";
        }).note == "refused");
}

TEST_CASE("Attention check: both layouts give every token of every head its own row") {
  for (Point point : check_points()) {
    AttentionCase c;
    REQUIRE(make_case(point, kDevice, 1, &c) == "");
    const kernels::Args a = args_of(c, {});
    std::set<std::int64_t> rows;
    for (std::int64_t token = 0; token < point.page; ++token)
      for (std::int64_t head = 0; head < point.heads.kv; ++head)
        rows.insert(token * a.kv.k_token + head * a.kv.k_head);
    CHECK(static_cast<int>(rows.size()) == point.page * point.heads.kv);
    CHECK(*rows.rbegin() + point.heads.dim == a.kv.k_page);
    CHECK((point.hnd ? a.kv.k_token : a.kv.k_head) == point.heads.dim);
  }
}

TEST_CASE("Attention check: every shape of the check and of the matrix's start can be planned") {
  AttentionCase c;
  for (const Point& point : check_points()) CHECK(make_case(point, kDevice, 1, &c) == "");
  const auto matrix = benchmark_matrix(true);
  for (std::size_t i = 0; i < matrix.size(); i += 5) {
    CHECK(make_case(matrix[i], kernels::kH200, 1, &c) == "");
    CHECK(c.workspace_bytes > 0);
  }
}
