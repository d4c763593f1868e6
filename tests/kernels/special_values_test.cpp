// Values that break attention kernels: nothing to attend to, NaN, infinity, huge and equal logits.
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "kernels/emu/float16.hpp"
#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

constexpr std::uint16_t kNan = 0x7fff;

Case mixed(Mode mode, Sharing sharing = Sharing::shared) {
  Case c;
  c.mode = mode;
  c.sharing = sharing;
  c.kv_lens = {40, 0, 100};
  c.anchors = 19;
  c.splits = 2;
  return c;
}

double value(const World& w, int token, int head, int d) {
  const auto at = token * w.args.out_token + head * w.args.out_head + d;
  return static_cast<double>(to_float(w.c.dtype, w.out[static_cast<std::size_t>(at)]));
}

// True when every output of the request is NaN; false when none is; fails on a mixture.
bool request_is_nan(const World& w, int request, int kv_head) {
  int bad = 0;
  int all = 0;
  for (int g = 0; g < w.c.group; ++g)
    for (int d = 0; d < w.c.head_dim; ++d) {
      const double v =
          value(w, w.q_start[static_cast<std::size_t>(request)], kv_head * w.c.group + g, d);
      bad += !std::isfinite(v);
      ++all;
    }
  REQUIRE((bad == 0 || bad == all));
  return bad == all;
}

}  // namespace

TEST_CASE("nothing to attend to gives zeros and a log-sum-exp of minus infinity") {
  for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused})
    for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
      Case c;
      c.variant = variant;
      c.mode = mode;
      c.kv_lens = {0, 0};
      World w(c);
      REQUIRE(run_on_emulator(w, 3) == "");
      for (int b = 0; b < 2; ++b)
        for (int h = 0; h < w.q_heads(); ++h)
          for (int d = 0; d < c.head_dim; ++d) REQUIRE(value(w, b, h, d) == 0.0);
      const std::size_t planes = mode == Mode::gamma_mix ? 2 : 1;
      for (std::size_t i = 0; i < planes * 2 * static_cast<std::size_t>(w.q_heads()); ++i)
        REQUIRE(w.lse[i] == -INFINITY);
    }
}

TEST_CASE("an empty segment's weight moves to the other") {
  // gamma = 0.3, but request 1 has anchors only and must get them whole; and the other way round.
  for (Sharing sharing : {Sharing::per_request, Sharing::cascade})
    CHECK(check(mixed(Mode::gamma_mix, sharing)) == "");
  Case c = mixed(Mode::gamma_mix, Sharing::per_request);
  c.anchor_counts = {0, 7, 19};
  CHECK(check(c) == "");
  World w(c);
  REQUIRE(run_on_emulator(w, 1) == "");
  CHECK(w.lse[static_cast<std::size_t>(w.query_tokens * w.q_heads())] == -INFINITY);
}

TEST_CASE("no anchors and no cache, in every combination within one batch") {
  for (Mode mode : {Mode::concat, Mode::gamma_mix})
    for (int splits : {1, 5}) {
      Case c;
      c.mode = mode;
      c.splits = splits;
      c.kv_lens = {0, 0, 90, 90};
      c.anchors = 50;
      c.anchor_counts = {0, 50, 0, 50};
      CHECK(check(c) == "");
    }
}

TEST_CASE("huge logits") {
  for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused}) {
    Case c = mixed(Mode::concat);
    c.variant = variant;
    c.q_gain = 3000.0f;  // logits of about +-3e4 after scaling
    World w(c);
    REQUIRE(run_on_emulator(w, 3) == "");
    const Expected e = expect(w);
    CHECK(compare(w, e, 1.0) == "");
  }
}

TEST_CASE("equal logits give the mean of the values") {
  Case c = mixed(Mode::concat);
  c.equal_logits = true;
  CHECK(check(c) == "");
}

TEST_CASE("a NaN in a used key reaches its request and KV head, and nothing else") {
  for (Mode mode : {Mode::concat, Mode::gamma_mix})
    for (int splits : {1, 3}) {
      Case c = mixed(mode);
      c.splits = splits;
      World w(c);
      w.k[w.k_at(2, 57, 1) + 5] = kNan;
      REQUIRE(run_on_emulator(w, 5) == "");
      for (int b = 0; b < 3; ++b)
        for (int h = 0; h < 2; ++h) CHECK(request_is_nan(w, b, h) == (b == 2 && h == 1));
    }
}

TEST_CASE("a NaN in a shared anchor key reaches every request of its KV head") {
  for (Sharing sharing : {Sharing::shared, Sharing::cascade}) {
    World w(mixed(Mode::concat, sharing));
    w.anchor_k[w.anchor_at(0, 18, 0)] = kNan;
    REQUIRE(run_on_emulator(w, 5) == "");
    for (int b = 0; b < 3; ++b)
      for (int h = 0; h < 2; ++h) CHECK(request_is_nan(w, b, h) == (h == 0));
  }
}

TEST_CASE("an infinity in a used value stays in its request and column") {
  World w(mixed(Mode::concat));
  w.v[w.v_at(0, 3, 0) + 9] = from_float(w.c.dtype, INFINITY);
  REQUIRE(run_on_emulator(w, 5) == "");
  for (int b = 0; b < 3; ++b)
    for (int head = 0; head < w.q_heads(); ++head)
      for (int d = 0; d < w.c.head_dim; ++d)
        CHECK(std::isfinite(value(w, b, head, d)) == !(b == 0 && head < w.c.group && d == 9));
}

TEST_CASE("a step that one row sees and another does not") {
  // One step per slot: rows of early tokens are masked in whole slots, where the running maximum
  // is still minus infinity.
  for (Mode mode : {Mode::concat, Mode::gamma_mix}) {
    Case c;
    c.mode = mode;
    c.kv_lens = {64, 70};
    c.q_lens = {64, 40};
    c.anchors = 5;
    c.splits = 1000;
    CHECK(check(c) == "");
  }
}

TEST_CASE("more query tokens than cached ones leave the first rows without any") {
  Case c;
  c.kv_lens = {3, 3};
  c.q_lens = {8, 8};
  c.group = 2;
  for (int anchors : {0, 17}) {
    c.anchors = anchors;
    for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused}) {
      c.variant = variant;
      INFO(c.name());
      CHECK(check(c) == "");
    }
  }
}

TEST_CASE("requests may share pages") {
  World w(mixed(Mode::concat));
  // Request 2's first pages become request 0's.
  for (int i = 0; i < 2; ++i)
    w.block_table[static_cast<std::size_t>(2 * w.args.block_table_stride + i)] =
        w.block_table[static_cast<std::size_t>(i)];
  REQUIRE(run_on_emulator(w, 5) == "");
  CHECK(compare(w, expect(w)) == "");
}

TEST_CASE("pages are addressed with 64 bits") {
  // A pool of which only two pages exist: 2^27 elements apart, page 40 lies past 2^32 elements.
  Case c;
  c.kv_lens = {20};
  c.page = 16;
  World w(c);
  constexpr std::int64_t kStride = std::int64_t{1} << 27;
  constexpr std::size_t kBytes = 42 * std::size_t{2} << 27;
  const auto reserve = [&] {
    void* p = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    return static_cast<std::uint16_t*>(p);
  };
  std::uint16_t* k = reserve();
  std::uint16_t* v = reserve();
  const int far_pages[2] = {40, 1};
  for (int i = 0; i < 2; ++i) {
    const auto from = static_cast<std::size_t>(w.block_table[static_cast<std::size_t>(i)]) *
                      static_cast<std::size_t>(w.args.kv.k_page);
    for (std::size_t e = 0; e < static_cast<std::size_t>(w.args.kv.k_page); ++e) {
      k[static_cast<std::size_t>(far_pages[i] * kStride) + e] = w.k[from + e];
      v[static_cast<std::size_t>(far_pages[i] * kStride) + e] = w.v[from + e];
    }
  }
  const Expected e = expect(w);
  w.args.kv.k = k;
  w.args.kv.v = v;
  w.args.kv.k_page = w.args.kv.v_page = kStride;
  w.block_table[0] = 40;
  w.block_table[1] = 1;
  CHECK(run_on_emulator(w, 5) == "");
  CHECK(compare(w, e) == "");
  munmap(k, kBytes);
  munmap(v, kBytes);
}
