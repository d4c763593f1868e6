// What must not change the result: repetition, thread order, grid padding, splits, anchor order,
// an unused mixture, and which of the kernels computes it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "kernels/emu/attention.hpp"
#include "kernels/emu/float16.hpp"
#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

Case ragged(Mode mode = Mode::concat, Sharing sharing = Sharing::shared) {
  Case c;
  c.mode = mode;
  c.sharing = sharing;
  c.kv_lens = {150, 3, 61};
  c.anchors = 37;
  c.splits = 3;
  return c;
}

// Largest difference of two results of the same shape.
double distance(const World& a, const World& b) {
  double worst = 0.0;
  for (std::size_t i = 0; i < a.out.size(); ++i) {
    const double x = static_cast<double>(to_float(a.c.dtype, a.out[i]));
    const double y = static_cast<double>(to_float(b.c.dtype, b.out[i]));
    if (std::isnan(x) && std::isnan(y)) continue;  // gaps of the layout
    worst = std::max(worst, std::fabs(x - y));
  }
  return worst;
}

bool same_bits(const World& a, const World& b) {
  return a.out == b.out &&
         std::memcmp(a.lse.data(), b.lse.data(), a.lse.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("twenty runs in twenty thread orders give the same bits, with no zeroing in between") {
  for (Sharing sharing : {Sharing::shared, Sharing::cascade})
    for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
      World first(ragged(mode, sharing));
      REQUIRE(run_on_emulator(first, 1) == "");
      for (std::uint64_t seed = 2; seed <= 5; ++seed) {
        World again(ragged(mode, sharing));
        REQUIRE(run_on_emulator(again, seed, 5) == "");
        REQUIRE(same_bits(first, again));
      }
    }
}

TEST_CASE("a workspace serves one plan after another") {
  World a(ragged());
  Case other = ragged();
  other.kv_lens = {17, 130, 0};
  other.splits = 5;
  World b(other);
  b.problem.max_kv_len = a.problem.max_kv_len;
  Plan plan_a;
  Plan plan_b;
  REQUIRE(plan_host(a.problem, kH200, a.lengths, {3, false}, &plan_a).ok());
  REQUIRE(plan_host(a.problem, kH200, b.lengths, {5, false}, &plan_b).ok());
  Workspace ws(std::max(plan_bytes(a.problem, plan_a), plan_bytes(a.problem, plan_b)));
  emu::init_workspace(a.problem, ws.data());
  for (int round = 0; round < 3; ++round) {
    emu::upload_plan(a.problem, plan_a, ws.data());
    a.poison_outputs();
    a.args.out = a.out.data();
    a.args.lse = a.lse.data();
    REQUIRE(emu::run(a.problem, a.args, plan_a, ws.data(), ws.bytes(), 9).ok());
    CHECK(compare(a, expect(a)) == "");
    emu::upload_plan(a.problem, plan_b, ws.data());
    b.poison_outputs();
    b.args.out = b.out.data();
    b.args.lse = b.lse.data();
    REQUIRE(emu::run(a.problem, b.args, plan_b, ws.data(), ws.bytes(), 9).ok());
    CHECK(compare(b, expect(b)) == "");
  }
}

TEST_CASE("a fixed grid, as CUDA graphs need it, gives the same bits") {
  Case c = ragged();
  c.splits = 0;
  c.kv_lens = {1500, 3, 700};
  DeviceInfo small = kH200;
  small.sm_count = 4;
  c.device = small;
  World plain(c);
  REQUIRE(run_on_emulator(plain, 1) == "");
  World padded(c);
  Plan plan;
  REQUIRE(plan_host(padded.problem, small, padded.lengths, {0, true}, &plan).ok());
  Workspace ws(workspace_bytes(padded.problem, small));
  REQUIRE(plan_bytes(padded.problem, plan) == ws.bytes());
  emu::init_workspace(padded.problem, ws.data());
  emu::upload_plan(padded.problem, plan, ws.data());
  REQUIRE(emu::run(padded.problem, padded.args, plan, ws.data(), ws.bytes(), 2).ok());
  CHECK(same_bits(plain, padded));
}

TEST_CASE("the number of splits changes rounding only") {
  for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
    Case c = ragged(mode);
    c.dtype = DType::f16;
    c.splits = 1;
    World one(c);
    REQUIRE(run_on_emulator(one, 1) == "");
    for (int splits : {2, 3, 1000}) {
      c.splits = splits;
      World more(c);
      REQUIRE(run_on_emulator(more, 1) == "");
      CHECK(distance(one, more) <= 2e-3);
    }
  }
}

TEST_CASE("the order of anchors changes rounding only") {
  for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
    World a(ragged(mode));
    World b(ragged(mode));
    for (int t = 0; t < 37; ++t)
      for (int h = 0; h < 2; ++h)
        for (std::size_t d = 0; d < 64; ++d) {
          b.anchor_k[b.anchor_at(0, 36 - t, h) + d] = a.anchor_k[a.anchor_at(0, t, h) + d];
          b.anchor_v[b.anchor_at(0, 36 - t, h) + d] = a.anchor_v[a.anchor_at(0, t, h) + d];
        }
    REQUIRE(run_on_emulator(a, 1) == "");
    REQUIRE(run_on_emulator(b, 1) == "");
    CHECK(distance(a, b) <= 1e-2);  // bf16: one unit in the last place near 1 is 8e-3
  }
}

TEST_CASE("a mixture with g = 0 is plain attention, bit for bit") {
  Case mix = ragged(Mode::gamma_mix);
  mix.gamma = 0.0f;
  Case plain = ragged(Mode::concat);
  World a(mix);
  World b(plain);
  b.problem.max_anchors = 0;
  REQUIRE(run_on_emulator(a, 1) == "");
  REQUIRE(run_on_emulator(b, 1) == "");
  CHECK(a.out == b.out);
}

TEST_CASE("fused, cascade, two_pass and unfused agree") {
  for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
    World fused(ragged(mode));
    REQUIRE(run_on_emulator(fused, 1) == "");
    for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused}) {
      Case c = ragged(mode, variant == Variant::fused ? Sharing::cascade : Sharing::shared);
      c.variant = variant;
      World other(c);
      REQUIRE(run_on_emulator(other, 1) == "");
      CHECK(distance(fused, other) <= 2e-2);
    }
  }
}

TEST_CASE("no log-sum-exp is written when none is wanted") {
  World w(ragged());
  w.args.lse = nullptr;
  REQUIRE(run_on_emulator(w, 1) == "");
  CHECK(std::all_of(w.lse.begin(), w.lse.end(), [](float x) { return std::isnan(x); }));
}
