// Tilings by hand: what stays of a kernel's speed on a part that it was not written for.
#include <catch2/catch.hpp>

#include "sim/attention/tile/tuning.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::attention::tile;
using hardware::tile::default_params;
using hardware::tile::shape_of;

namespace {

Target target(hardware::GpuParams gpu, double mma_sync = 1) {
  gpu.hbm.latency = Duration::raw(800'000);
  gpu.compute.mma_sync = mma_sync;
  const auto shape = shape_of(gpu);
  return {shape, default_params(shape), gpu.architecture};
}

// configs/hardware/h100-sxm.yaml, b200-sxm.yaml
Target h100() { return target(fidelity_test::h100(), 0.629); }
Target b200() {
  Target t = target(fidelity_test::b200(), 0.25);
  t.params.prefill.tile_wide_us = 1.54;
  t.params.prefill.droop = 0.001;
  return t;
}

// 16 heads of 128, 16,384 tokens, no mask: the setting of the FlashAttention papers.
AttentionCall papers() {
  AttentionCall c;
  c.query_tokens = c.context = 16384;
  c.query_heads = c.kv_heads = 16;
  c.causal = c.writes = false;
  c.cold = true;
  return c;
}

AttentionCall decode(std::int64_t batch) {
  AttentionCall c;
  c.batch = batch;
  c.context = 65536;
  c.cold = true;
  c.writes = false;
  return c;
}

double tflops(const Target& t, Instructions instructions) {
  const AttentionCall c = papers();
  const Tuning best_one = best(c, t, tunings(c, t, instructions)).front();
  return 4.0 * 16 * 128 * 16384 * 16384 / predict(c, best_one, t).time.total() / 1e6;
}

}  // namespace

TEST_CASE("FlashAttention 2's own tile takes what the library's plan takes") {
  const Target t = target(fidelity_test::a100());
  const AttentionCall c = papers();
  const double library =
      attention_time(plan(c, t.shape, Library::flash2), c, t.shape, t.params.prefill).total();
  CHECK(predict(c, {Instructions::mma_sync, 64, 128, 1, 1}, t).time.total() ==
        Approx(library).epsilon(0.02));
}

TEST_CASE(
    "an mma.sync kernel on an H100 reaches what FlashAttention 2 published, wgmma 1.5 to 2 times "
    "that") {
  // FlashAttention 3, arXiv 2407.08608, abstract: 35 % of 989 TFLOP/s against up to 740; 1.5-2.0 x.
  const double old = tflops(h100(), Instructions::mma_sync),
               own = tflops(h100(), Instructions::newest);
  CHECK(old / 989.4 == Approx(0.35).margin(0.03));
  CHECK(own < 740);
  CHECK(own / old > 1.5);
  CHECK(own / old < 2.0);
}

TEST_CASE(
    "on a B200 it reaches what was measured of FlashAttention 2, tcgen05 what FlashAttention 4 "
    "published") {
  // meta-pytorch/tritonbench pull request 171: 331 to 362 TFLOP/s; arXiv 2603.05451: up to 1613.
  CHECK(tflops(b200(), Instructions::mma_sync) == Approx(350).epsilon(0.1));
  CHECK(tflops(b200(), Instructions::newest) == Approx(1613).epsilon(0.1));
}

TEST_CASE("a search finds nothing slower than any of its candidates") {
  for (const Target& t :
       {target(fidelity_test::a100()), target(fidelity_test::l40s()), h100(), b200()})
    for (const std::int64_t batch : {1, 8}) {
      const AttentionCall c = decode(batch);
      const auto all = tunings(c, t, Instructions::mma_sync);
      const auto ties = best(c, t, all);
      const double least = predict(c, ties.front(), t).time.total();
      for (const Tuning& candidate : all)
        if (const auto time = predict(c, candidate, t); time.fits) {
          CHECK(time.time.total() >= least);
        }
      for (const Tuning& tie : ties) CHECK(predict(c, tie, t).time.total() <= 1.005 * least);
    }
}

TEST_CASE("a smaller share for mma.sync makes no mma.sync kernel faster, and no other one slower") {
  const Tuning old{Instructions::mma_sync, 64, 128, 1, 1},
      own{Instructions::newest, 128, 128, 2, 1};
  const AttentionCall c = papers();
  const Target full = target(fidelity_test::h100(), 1.0);
  CHECK(predict(c, old, h100()).time.total() > predict(c, old, full).time.total());
  CHECK(predict(c, own, h100()).time.total() == predict(c, own, full).time.total());
}

TEST_CASE("too few bytes in flight slow a memory-bound kernel on the part with more bandwidth") {
  const Tuning thin{Instructions::mma_sync, 16, 64, 1, 11},
      deep{Instructions::mma_sync, 16, 64, 3, 11};
  const AttentionCall c = decode(1);
  CHECK(predict(c, thin, b200()).time.total() > 1.5 * predict(c, deep, b200()).time.total());
}

TEST_CASE("a tile that an SM cannot hold does not launch, and says by how many bytes") {
  const TunedTime t =
      predict(papers(), {Instructions::mma_sync, 128, 176, 1, 1}, target(fidelity_test::l40s()));
  CHECK_FALSE(t.fits);
  CHECK(t.over == Bytes::raw((128 + 2 * 176) * 128 * 2 - 99 * 1024));
}
