// Cost of each attention kernel against numbers worked out by hand, and identities between kernels.
#include <catch2/catch.hpp>

#include "sim/attention/cost.hpp"

using fieldsim::Bytes;
using fieldsim::Flops;
using namespace fieldsim::attention;
using namespace fieldsim::literals;

namespace {

// Grouped queries: 32 heads over 8, head size 128, FP16; an A100's 216 resident CTAs.
Problem grouped(KernelKind kind, std::int64_t context = 8192, std::int64_t anchors = 64) {
  Problem p;
  p.kind = kind;
  p.geometry = {32, 8, 128, 128, false};
  p.context = context;
  p.anchors = anchors;
  p.element = 2_B;
  p.workspace_limit = 1_GiB;
  p.slots = 216;
  return p;
}

// DeepSeek-V2-Lite's latent attention in decode: 16 heads over one latent of 512 + 64 elements.
Problem latent(KernelKind kind) {
  Problem p = grouped(kind);
  p.geometry = {16, 1, 576, 512, true};
  return p;
}

constexpr std::int64_t kToken = 2 * 8 * (128 + 128);      // B of K and V, one layer
constexpr std::int64_t kIo = 2 * (128 + 128) * 32;        // B of queries and outputs
constexpr std::int64_t kTable = 4 * (8192 / 16);          // B
constexpr std::int64_t kPartial = 2 * 4 * (128 + 2) * 4;  // B written and read, of 4 rows

const KernelKind kAll[] = {KernelKind::none,        KernelKind::unfused,  KernelKind::fused,
                           KernelKind::gamma_fused, KernelKind::two_pass, KernelKind::cascade};

}  // namespace

TEST_CASE("fused decode with grouped queries, by hand") {
  const Cost c = cost(grouped(KernelKind::fused));
  CHECK(c.splits == 27);  // 216 CTAs over 8 KV heads; 8256 tokens would allow 32 of 256
  CHECK(c.hbm() == Bytes::raw(33'554'432 + 262'144 + 16'384 + 2'048 + 8 * 27 * 4'160));
  CHECK(c.hbm_anchors() == Bytes::raw(262'144));
  CHECK(c.flops() == Flops::raw(541'065'216));  // 4 rows of 16
  CHECK(c.launches() == 1);
  CHECK(c.workspace == Bytes::raw(8 * 27 * 2'080));
}

TEST_CASE("none is fused without anchors") {
  for (const std::int64_t context : {1, 100, 8192, 64'000}) {
    const Cost none = cost(grouped(KernelKind::none, context)),
               fused = cost(grouped(KernelKind::fused, context, 0));
    CHECK(none.hbm() == fused.hbm());
    CHECK(none.flops() == fused.flops());
    CHECK(none.workspace == fused.workspace);
    CHECK(none.hbm_anchors() == 0_B);
  }
  CHECK(cost(grouped(KernelKind::none)).hbm() ==
        cost(grouped(KernelKind::fused)).hbm() - 262'144_B);
  for (const KernelKind kind : kAll) {
    if (kind == KernelKind::unfused) continue;
    CHECK(cost(grouped(kind, 8192, 0)).hbm() == cost(grouped(KernelKind::none)).hbm());
    CHECK(cost(grouped(kind, 8192, 0)).launches() == 1);
  }
}

TEST_CASE(
    "unfused writes and reads 12 bytes a score, and K and V once for each head of the group") {
  for (const std::int64_t a : {0, 64, 1024}) {
    const Cost c = cost(grouped(KernelKind::unfused, 8192, a));
    const std::int64_t output = kIo / 2;
    std::int64_t expected = 4 * kToken * 8192 + kIo + kTable + 12 * 32 * 8192;
    if (a > 0) expected += 4 * kToken * a + kIo + 12 * 32 * a + 3 * output;
    CAPTURE(a);
    CHECK(c.hbm() == Bytes::raw(expected));
    CHECK(c.launches() == (a > 0 ? 7 : 3));
    CHECK(c.workspace == Bytes::raw(6 * 32 * 8192));
  }
}

TEST_CASE("unfused in passes when the scores of all heads do not fit") {
  Problem p = grouped(KernelKind::unfused, 8192, 0);
  const Cost all = cost(p);
  for (const std::int64_t heads : {31, 16, 5, 1}) {
    p.workspace_limit = Bytes::raw(6 * 8192 * heads + 6 * 8192 - 1);
    const Cost c = cost(p);
    CAPTURE(heads);
    CHECK(c.workspace == Bytes::raw(6 * 8192 * heads));
    CHECK(c.launches() == 3 * ((32 + heads - 1) / heads));
    CHECK(c.hbm() == all.hbm());
  }
  p.workspace_limit = 1_B;  // one head at least
  CHECK(cost(p).launches() == 96);
}

TEST_CASE("gamma_fused costs one more partial a sequence and head than fused") {
  const Cost fused = cost(grouped(KernelKind::fused)),
             gamma = cost(grouped(KernelKind::gamma_fused));
  CHECK(gamma.hbm() - fused.hbm() == Bytes::raw(8 * kPartial));
  CHECK(gamma.flops() == fused.flops());
  CHECK(gamma.launches() == 1);
}

TEST_CASE("two_pass: a second kernel, log-sum-exps and a merge") {
  const Cost c = cost(grouped(KernelKind::two_pass)), none = cost(grouped(KernelKind::none));
  const std::int64_t lse = 4 * 32, output = kIo / 2;
  REQUIRE(c.kernels.size() == 3);
  CHECK(c.kernels[0].hbm == none.hbm() + Bytes::raw(lse));
  CHECK(c.kernels[1].hbm == Bytes::raw(64 * kToken + kIo + lse));
  CHECK(c.kernels[2].hbm == Bytes::raw(2 * (output + lse) + output));
  CHECK(c.launches() == 3);
  CHECK(c.hbm_anchors() == c.kernels[1].hbm + c.kernels[2].hbm);
  CHECK(c.workspace - none.workspace == Bytes::raw(2 * (output + lse)));
}

TEST_CASE("cascade reads shared anchors once for the batch") {
  Problem p = grouped(KernelKind::cascade, 8192, 1024);
  p.batch = 16;
  p.anchor_sets = 1;
  CHECK(cost(p).hbm_anchors() == Bytes::raw(1024 * kToken));
  Problem each = p;
  each.kind = KernelKind::fused;
  each.anchor_sets = 16;
  CHECK(cost(each).hbm_anchors() == Bytes::raw(16 * 1024 * kToken));
  // kernels.md 3.2: 1.12 times at B = 16, L = 8k, A = 1024.
  const double gain =
      static_cast<double>(cost(each).hbm().count()) / static_cast<double>(cost(p).hbm().count());
  CHECK(gain == Approx(1.12).epsilon(0.01));
  CHECK(gain < (8192.0 + 1024) / (8192 + 1024.0 / 16));
}

TEST_CASE("for one sequence cascade costs its own partial more than fused, and no more") {
  const Cost cascade = cost(grouped(KernelKind::cascade)), fused = cost(grouped(KernelKind::fused));
  REQUIRE(cascade.splits == fused.splits);
  CHECK(cascade.hbm() - fused.hbm() == Bytes::raw(8 * kPartial));
  CHECK(cascade.flops() == fused.flops());
}

TEST_CASE("multi-head attention: a group of one fills one row of sixteen") {
  Problem p = grouped(KernelKind::fused, 64'000, 256);
  p.geometry = {40, 40, 128, 128, false};
  const Cost c = cost(p);
  CHECK(c.splits == 6);  // 216 / 40
  CHECK(c.hbm() ==
        Bytes::raw(20'480LL * (64'000 + 256) + 2 * 256 * 40 + 4 * 4'000 + 40 * 6 * 1'040));
  CHECK(c.flops() == Flops::raw(4LL * 128 * 40 * (64'000 + 256) * 16));
}

TEST_CASE("latent attention stores 576 elements a token, and values are part of them") {
  const Cost c = cost(latent(KernelKind::fused));
  CHECK(c.splits == 32);  // 8256 tokens in chunks of 256 at least
  CHECK(c.hbm() ==
        Bytes::raw(1'152 * (8'192 + 64) + 2 * (576 + 512) * 16 + kTable + 32 * 2 * 4 * 514 * 16));
  CHECK(c.flops() == Flops::raw(2LL * (576 + 512) * 16 * (8'192 + 64)));  // 16 rows fill the tile
}

TEST_CASE("short contexts are not split, and few CTAs need no splits") {
  CHECK(cost(grouped(KernelKind::none, 300)).splits == 1);
  CHECK(cost(grouped(KernelKind::none, 300)).workspace == 0_B);
  Problem p = grouped(KernelKind::none);
  p.batch = 27;
  CHECK(cost(p).splits == 1);
  p.batch = 26;
  CHECK(cost(p).splits == 2);
}

TEST_CASE("prefill is causal, fills its tiles and is not split") {
  Problem p = grouped(KernelKind::none, 2048);
  p.decode = false;
  p.query_tokens = 512;
  const Cost c = cost(p);
  // 512 queries behind 1536 tokens: 512 * 1536 + 512 * 513 / 2 pairs.
  CHECK(p.pairs() == 917'760);
  CHECK(c.flops() == Flops::raw(4LL * 128 * 32 * 917'760));
  CHECK(c.splits == 1);
  CHECK(c.hbm() == Bytes::raw(kToken * 2048 + kIo * 512 + 4 * 128));
  p.anchors = 64;
  p.kind = KernelKind::fused;
  CHECK(cost(p).flops() - c.flops() == Flops::raw(4LL * 128 * 32 * 512 * 64));
}

TEST_CASE("a sliding window bounds what is read and what is paired") {
  Problem p = grouped(KernelKind::none, 10'000);
  p.window = 4096;
  CHECK(p.attended() == 4096);
  CHECK(p.pairs() == 4096);
  p.decode = false;
  p.query_tokens = 100;
  CHECK(p.attended() == 4096 + 99);
  CHECK(p.pairs() == 100 * 4096);
  p.context = 4130;  // 66 queries see fewer than the window
  CHECK(p.pairs() == 66 * 4030 + 66 * 67 / 2 + 34 * 4096);
  p.window = 0;
  CHECK(p.pairs() == 100 * 4030 + 100 * 101 / 2);
}

TEST_CASE("a batch costs its sequences") {
  for (const KernelKind kind : kAll) {
    Problem one = grouped(kind), four = one;
    one.slots = four.slots = 1;  // no splits
    four.batch = 4;
    four.anchor_sets = 4;
    CAPTURE(to_string(kind));
    CHECK(cost(four).flops() == cost(one).flops() * 4);
    if (kind != KernelKind::cascade) CHECK(cost(four).hbm() == cost(one).hbm() * 4);
  }
}

TEST_CASE("more context, anchors or sequences never cost less") {
  for (const KernelKind kind : kAll)
    for (const std::int64_t context : {64, 255, 256, 1000, 8192, 64'000})
      for (const std::int64_t a : {0, 16, 300, 4096}) {
        const Problem p = grouped(kind, context, a);
        Problem longer = p, larger = p, anchored = p;
        longer.context += 1;
        larger.batch += 1;
        anchored.anchors += 1;
        CAPTURE(to_string(kind), context, a);
        for (const Problem& more : {longer, anchored}) CHECK(cost(more).flops() >= cost(p).flops());
        CHECK(cost(larger).flops() > cost(p).flops());
        CHECK(cost(p).hbm_anchors() <= cost(p).hbm());
      }
}

TEST_CASE("the paper's N x N bytes") {
  CHECK(paper_nxn_bytes(64'000) == Bytes::raw(8'192'000'000));
  CHECK(paper_nxn_bytes(1) == 2_B);
}
