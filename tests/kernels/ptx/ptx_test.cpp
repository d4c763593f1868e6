// The PTX that nvcc really produced, executed: checks inline assembly and code generation, which
// the emulator, compiling the same source with g++, cannot see.
#include <catch2/catch.hpp>
#include <fstream>

#include "kernels/emu/attention.hpp"
#include "kernels/launch_params.hpp"
#include "tests/kernels/ptx/machine.hpp"
#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

std::string path(DType dtype) {
  return std::string(FIELDSIM_PTX_FOLDER) + (dtype == DType::bf16 ? "/bf16.ptx" : "/f16.ptx");
}

ptx::Machine& machine(DType dtype) {
  static ptx::Machine bf16(path(DType::bf16));
  static ptx::Machine f16(path(DType::f16));
  return dtype == DType::bf16 ? bf16 : f16;
}

// Part of the mangled name that tells an instantiation from the others.
std::string kernel_name(const char* kernel, const Case& c, int stages = 0) {
  std::string s = std::string(kernel) + "_kernelILNS0_5DTypeE";
  s += c.dtype == DType::bf16 ? "1ELi" : "0ELi";
  s += std::to_string(c.head_dim) + "E";
  return stages > 0 ? s + "Li" + std::to_string(stages) + "E" : s;
}

// Runs the case's kernels in the interpreter; throws what the machine throws.
std::string run_ptx(const Case& c, ptx::Machine& m) {
  World w(c);
  const PlanOptions options{c.splits, false};
  const auto smem = [](const Tiling& t) { return static_cast<std::size_t>(t.smem_bytes()); };
  const auto fused = [&](const Plan& plan, const Params& p) {
    m.launch(kernel_name("fused", c, plan.tiling.stages), static_cast<int>(plan.items.size()),
             kThreads, smem(plan.tiling), &p);
  };
  if (c.variant == Variant::two_pass) {
    TwoPassPlan plan;
    REQUIRE(plan_two_pass(w.problem, c.device, w.lengths, options, &plan).ok());
    Workspace ws(two_pass_bytes(w.problem, plan));
    emu::upload_two_pass(w.problem, plan, ws.data());
    const TwoPassParams p = make_two_pass_params(w.problem, w.args, plan, ws.data());
    fused(plan.kv, p.kv);
    fused(plan.anchors, p.anchors);
    const std::int64_t per_cta = kThreads / (c.head_dim / 4);
    m.launch(kernel_name("merge", c), static_cast<int>((p.merge.rows + per_cta - 1) / per_cta),
             kThreads, 0, &p.merge);
    return compare(w, expect(w));
  }
  Plan plan;
  REQUIRE(plan_host(w.problem, c.device, w.lengths, options, &plan).ok());
  const bool unfused = c.variant == Variant::unfused;
  Workspace ws(unfused ? unfused_bytes(w.problem, plan) : plan_bytes(w.problem, plan));
  emu::init_workspace(w.problem, ws.data());
  emu::upload_plan(w.problem, plan, ws.data());
  if (!unfused) {
    fused(plan, make_params(w.problem, w.args, plan, ws.data()));
    return compare(w, expect(w));
  }
  const Params p = make_unfused_params(w.problem, w.args, plan, ws.data());
  const int items = static_cast<int>(plan.items.size());
  m.launch(kernel_name("scores", c), items, kThreads, smem(scores_tiling(c.head_dim)), &p);
  m.launch("softmax_rows", static_cast<int>(plan.tiles.size()) * p.rows_per_tile, kThreads,
           kThreads * 8, &p);
  m.launch(kernel_name("values", c), items, kThreads, smem(values_tiling(c.head_dim)), &p);
  return compare(w, expect(w));
}

std::string run_ptx(const Case& c) {
  try {
    return run_ptx(c, machine(c.dtype));
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

Case base(int head_dim) {
  Case c;
  c.head_dim = head_dim;
  c.kv_lens = {33, 0, 130, 16};
  c.anchors = 37;
  c.splits = 3;
  return c;
}

// Wrong in any way: a bad number or an exception of the machine.
bool caught(ptx::Machine& m) {
  Case c = base(64);
  c.kv_lens = {300};
  c.splits = 1;
  try {
    return !run_ptx(c, m).empty();
  } catch (const std::runtime_error&) {
    return true;
  }
}

}  // namespace

TEST_CASE("nvcc's PTX of the fused kernel is right") {
  for (int head_dim : kHeadDims)
    for (Mode mode : {Mode::concat, Mode::gamma_mix})
      for (Sharing sharing : {Sharing::per_request, Sharing::cascade}) {
        Case c = base(head_dim);
        c.mode = mode;
        c.sharing = sharing;
        c.dtype = mode == Mode::concat ? DType::bf16 : DType::f16;
        c.device = sharing == Sharing::cascade ? kA100 : kH200;  // the other ring depth
        c.kv_heads = head_dim == 64 ? 2 : 1;
        c.group = head_dim == 64 ? 7 : 16;
        c.page = head_dim == 64 ? 16 : 64;
        INFO(c.name());
        CHECK(run_ptx(c) == "");
      }
}

TEST_CASE("nvcc's PTX of causal short prefill is right") {
  Case c = base(64);
  c.kv_lens = {70, 9};
  c.q_lens = {17, 5};
  c.splits = 1000;
  c.layout = LayoutKind::padded;
  CHECK(run_ptx(c) == "");
}

TEST_CASE("nvcc's PTX of two_pass and unfused is right") {
  for (Variant variant : {Variant::two_pass, Variant::unfused})
    for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
      Case c = base(mode == Mode::concat ? 64 : 128);
      c.variant = variant;
      c.mode = mode;
      c.kv_heads = 1;
      INFO(c.name());
      CHECK(run_ptx(c) == "");
    }
}

TEST_CASE("faults planted in the PTX are caught") {
  const auto plant = [](auto change) {
    ptx::Machine m(path(DType::bf16));
    int planted = 0;
    for (auto& [name, kernel] : m.kernels()) {
      if (name.find("fused") == std::string::npos) continue;
      for (ptx::Instruction& i : kernel.code) planted += change(i);
    }
    REQUIRE(planted > 0);
    return caught(m);
  };
  CHECK(plant([](ptx::Instruction& i) {  // one more copy group in flight
    const bool it = i.op == ptx::Op::cp && i.has("wait_group") && i.operands[0][0].value == 1;
    if (it) i.operands[0][0].value = 2;
    return it;
  }));
  CHECK(plant([](ptx::Instruction& i) {  // ldmatrix without .trans
    const bool it = i.op == ptx::Op::ldmatrix && i.has("trans");
    if (it) std::erase(i.modifiers, "trans");
    return it;
  }));
  CHECK(plant([](ptx::Instruction& i) {  // the row sum loses a lane
    const bool it = i.op == ptx::Op::shfl;
    if (it) i.operands[2][0] = {ptx::Operand::Form::immediate, -1, false, 0};
    return it;
  }));
  CHECK(plant([](ptx::Instruction& i) {  // a copy that ignores its size operand
    const bool it = i.op == ptx::Op::cp && i.has("async") && i.operands.size() > 3;
    if (it) i.operands[3][0] = {ptx::Operand::Form::immediate, -1, false, 16};
    return it;
  }));
  ptx::Machine whole(path(DType::bf16));
  CHECK_FALSE(caught(whole));
  CHECK(whole.counts().mma > 0);
  CHECK(whole.counts().copies > 0);
}
