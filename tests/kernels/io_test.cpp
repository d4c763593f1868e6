// IO complexity, counted: the emulator sees every copy, so the formulas of docs/kernels.md are
// equalities here.
#include <catch2/catch.hpp>

#include "kernels/emu/grid.hpp"
#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

emu::Counters counted(const Case& c) {
  World w(c);
  emu::counters() = {};
  REQUIRE(run_on_emulator(w, 1) == "");
  return emu::counters();
}

Case decode(int batch, int len, int anchors, Sharing sharing) {
  Case c;
  c.kv_lens.assign(static_cast<std::size_t>(batch), len);
  c.anchors = anchors;
  c.sharing = sharing;
  return c;
}

std::uint64_t query_bytes(const Case& c, std::uint64_t times) {
  return times * c.kv_lens.size() * static_cast<std::uint64_t>(c.group * c.kv_heads * c.head_dim) *
         kElementBytes;
}

}  // namespace

TEST_CASE("one launch") {
  for (Sharing sharing : {Sharing::per_request, Sharing::shared, Sharing::cascade})
    for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
      Case c = decode(3, 100, 40, sharing);
      c.mode = mode;
      CHECK(counted(c).launches == 1);
    }
  Case c = decode(3, 100, 40, Sharing::shared);
  c.variant = Variant::two_pass;
  CHECK(counted(c).launches == 3);
  c.variant = Variant::unfused;
  CHECK(counted(c).launches == 3);
}

TEST_CASE("decode reads K, V and Q once, whatever the group size up to a row tile") {
  for (int group : {1, 4, 16}) {
    Case c = decode(2, 77, 21, Sharing::per_request);
    c.group = group;
    const auto expected =
        static_cast<std::uint64_t>(stream_bytes(2 * (77 + 21), c.kv_heads, c.head_dim));
    CHECK(counted(c).global_bytes == expected + query_bytes(c, 1));
  }
}

TEST_CASE("R rows read K and V ceil(R / 16) times") {
  Case c = decode(1, 160, 0, Sharing::per_request);
  c.causal = false;
  c.q_lens = {9};  // 36 rows: three tiles
  const auto once = static_cast<std::uint64_t>(stream_bytes(160, c.kv_heads, c.head_dim));
  CHECK(counted(c).global_bytes == 3 * once + query_bytes(c, 9));
}

TEST_CASE("splits add their partial results and nothing else") {
  Case c = decode(1, 320, 0, Sharing::per_request);
  const emu::Counters whole = counted(c);
  c.splits = 5;
  const emu::Counters split = counted(c);
  CHECK(whole.partial_bytes == 0);
  // Each slot's Q tile is copied again; K and V are not.
  CHECK(split.global_bytes - whole.global_bytes == query_bytes(c, 4));
  const auto rows = static_cast<std::uint64_t>(c.group * c.kv_heads);
  CHECK(split.partial_bytes == 5 * rows * static_cast<std::uint64_t>(partial_bytes(c.head_dim)));
}

TEST_CASE("a cascade reads shared anchors ceil(B G / 16) times instead of B") {
  constexpr int kBatch = 8;
  constexpr int kAnchorCount = 64;
  const emu::Counters none = counted(decode(kBatch, 32, 0, Sharing::shared));
  const emu::Counters each = counted(decode(kBatch, 32, kAnchorCount, Sharing::shared));
  const emu::Counters packed = counted(decode(kBatch, 32, kAnchorCount, Sharing::cascade));
  const auto once = static_cast<std::uint64_t>(stream_bytes(kAnchorCount, 2, 64));
  CHECK(each.global_bytes - none.global_bytes == kBatch * once);
  const Case c = decode(kBatch, 32, kAnchorCount, Sharing::cascade);
  CHECK(packed.global_bytes - none.global_bytes == 2 * once + query_bytes(c, 1));
}

TEST_CASE("a causal tile stops at its last row's token") {
  Case c = decode(1, 64, 0, Sharing::per_request);
  c.q_lens = {64};
  c.group = 1;
  const emu::Counters causal = counted(c);
  // Four tiles of 16 tokens see 16, 32, 48 and 64 tokens.
  const auto expected =
      static_cast<std::uint64_t>(stream_bytes(16 + 32 + 48 + 64, c.kv_heads, c.head_dim));
  CHECK(causal.global_bytes == expected + query_bytes(c, 64));
}

TEST_CASE("tensor-core work is the padded tile, no more") {
  Case c = decode(1, 160, 0, Sharing::per_request);
  // Per step of 16 tokens: D/16 slices times two n8 tiles for the scores, D/8 for the values.
  const std::uint64_t steps = 10 * static_cast<std::uint64_t>(c.kv_heads);
  CHECK(counted(c).mma == steps * static_cast<std::uint64_t>(2 * c.head_dim / 16 + c.head_dim / 8));
}
