// Tiles, splits and residency: numbers that the kernels' sources give.
#include <catch2/catch.hpp>

#include "sim/attention/tile/own_kernel.hpp"
#include "sim/attention/tile/plan.hpp"
#include "sim/base/error.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::literals;
using namespace fieldsim::attention::tile;
using hardware::tile::shape_of;

namespace {

AttentionCall decode(std::int64_t batch, std::int64_t heads, std::int64_t kv,
                     std::int64_t context) {
  AttentionCall call;
  call.batch = batch, call.query_heads = heads, call.kv_heads = kv, call.context = context;
  return call;
}

std::string error_of(auto&& f) {
  try {
    f();
  } catch (const ConfigError& e) {
    return e.problems().front().message;
  }
  return "";
}

}  // namespace

TEST_CASE("residency: registers, shared memory, warps and slots each bind") {
  const auto sm = fidelity_test::h100().sm;
  using namespace hardware::tile;
  CHECK(residency(sm, {128, 255, 80_KiB}).ctas == 2);
  CHECK(residency(sm, {128, 255, 80_KiB}).limit == Limit::registers);
  CHECK(residency(sm, {128, 64, 110_KiB}).limit == Limit::shared_memory);
  CHECK(residency(sm, {1024, 32, 1_KiB}).ctas == 2);
  CHECK(residency(sm, {1024, 32, 1_KiB}).limit == Limit::warps);
  CHECK(residency(sm, {32, 16, 0_B}).ctas == 32);
  const auto over = residency(sm, {128, 64, 228_KiB});
  CHECK(over.ctas == 0);
  CHECK(over.over == 1_KiB);
}

TEST_CASE("FlashAttention 2: 64 x 128 tiles, two CTAs on an A100, one on an L40S") {
  const auto p = plan(decode(1, 32, 8, 4096), shape_of(fidelity_test::a100()), Library::flash2);
  CHECK(p.tile_rows == 64);
  CHECK(p.tile_columns == 128);
  CHECK(p.kv_tiles == 32);
  CHECK(p.resident == 2);
  CHECK(plan(decode(1, 32, 8, 4096), shape_of(fidelity_test::l40s()), Library::flash2).resident ==
        1);
}

TEST_CASE("FlashAttention 2 splits KV only where query heads are grouped") {
  const auto gpu = shape_of(fidelity_test::a100());
  CHECK(plan(decode(1, 8, 8, 131072), gpu, Library::flash2).splits == 1);
  const auto grouped = plan(decode(1, 32, 8, 131072), gpu, Library::flash2);
  // 8 tiles on 216 slots: 27 splits fill them; 24 is the first count within 85 % of the best that
  // also changes the tiles per CTA.
  CHECK(grouped.splits > 20);
  CHECK(grouped.splits <= 27);
  CHECK(grouped.copies == false);  // one request needs no transposed copy
  CHECK(plan(decode(2, 32, 8, 4096), gpu, Library::flash2).copies);
}

TEST_CASE("FlashAttention 3: dynamic splits fill the SMs with a 10 % margin") {
  const auto gpu = shape_of(fidelity_test::h100());
  const auto p = plan(decode(1, 32, 8, 131072), gpu, Library::flash3);
  // 1024 tiles x 8 heads x 1.1 / 132 SMs = 69 a CTA: 15 splits.
  CHECK(p.kv_tiles == 1024);
  CHECK(p.splits == 15);
  CHECK(p.split_mode);
  CHECK(plan(decode(1024, 32, 8, 1024), gpu, Library::flash3).splits == 1);
  CHECK_FALSE(plan(decode(1024, 32, 8, 1024), gpu, Library::flash3).split_mode);
}

TEST_CASE("FlashAttention 3: rows of a group are packed, wide tiles beyond 64 rows") {
  const auto gpu = shape_of(fidelity_test::h100());
  AttentionCall call = decode(1, 32, 8, 16);
  call.query_tokens = 16;
  CHECK(plan(call, gpu, Library::flash3).tile_rows == 64);  // 16 tokens x 4 heads
  call.query_tokens = call.context = 17;
  CHECK(plan(call, gpu, Library::flash3).tile_rows == 128);
}

TEST_CASE("causal rows: each row tile takes the KV tiles it can see, longest first") {
  const auto gpu = shape_of(fidelity_test::h100());
  AttentionCall call = decode(2, 8, 8, 1024);
  call.query_tokens = 1024;
  const auto p = plan(call, gpu, Library::flash3);
  REQUIRE(p.grid.runs.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(p.grid.runs[i].steps == 8.0 - static_cast<double>(i));
  CHECK(p.grid.ctas() == 2 * 8 * 8);
  CHECK(p.grid.steps() == 2 * 8 * 36);
}

TEST_CASE("a sliding window bounds the tiles and the bytes") {
  const auto gpu = shape_of(fidelity_test::h100());
  AttentionCall call = decode(1, 8, 8, 65536);
  const auto all = plan(call, gpu, Library::flash3);
  call.window = 1024;
  const auto window = plan(call, gpu, Library::flash3);
  CHECK(window.kv_bytes == all.kv_bytes / 64);
  CHECK(window.kv_tiles == 8);
}

TEST_CASE("a tile that does not fit says by how much and which would") {
  const auto sm = fidelity_test::a100().sm;
  CHECK_NOTHROW(check_tile_fits(sm, Library::flash2, 64, 128, 128, 2, "KV"));
  const std::string m =
      error_of([&] { check_tile_fits(sm, Library::flash2, 128, 512, 128, 2, "anchor"); });
  // (128 + 2 x 512) x 128 x 2 B = 294912 B of 166912 B; Q leaves room for 256 columns.
  CHECK(m.find("anchor tile of 128 x 512") != std::string::npos);
  CHECK(m.find("294912 B") != std::string::npos);
  CHECK(m.find("128000 B more than the 166912 B") != std::string::npos);
  CHECK(m.find("128 x 256 would fit") != std::string::npos);
}

TEST_CASE("our own kernel: the deepest ring that fits, and an error that names the anchors' tile") {
  const auto big = own_kernel(fidelity_test::h100().sm, 128, 128);
  CHECK(big.tiling.stages == 3);
  CHECK(big.residency.ctas >= 2);
  CHECK(big.bytes_in_flight ==
        static_cast<double>(big.residency.ctas * big.tiling.bytes_in_flight()));
  auto small = fidelity_test::h100().sm;
  small.shared_memory_per_cta = 40_KiB;
  const std::string m = error_of([&] { own_kernel(small, 128, 128); });
  const kernels::Tiling t{128, 2, 2, true, true, true};
  CHECK(m.find("anchor tile of 2 stages") != std::string::npos);
  CHECK(m.find(std::to_string(t.smem_bytes() - 40 * 1024) + " B more") != std::string::npos);
  CHECK(m.find("would") != std::string::npos);
  CHECK(error_of([&] { own_kernel(small, 96, 128); }).find("64, 128 and 256") != std::string::npos);
}

TEST_CASE("our own kernel's anchors are steps of the same stream") {
  const auto gpu = shape_of(fidelity_test::h100());
  const auto kernel = own_kernel(fidelity_test::h100().sm, 128, 128);
  const auto without = plan_own(decode(1, 32, 8, 4096), 0, kernel, gpu);
  const auto with = plan_own(decode(1, 32, 8, 4096), 256, kernel, gpu);
  CHECK(with.kv_bytes - without.kv_bytes == 2.0 * 256 * 8 * 128 * 2);
  CHECK(with.kv_tiles == without.kv_tiles + 256 / 64);
}

TEST_CASE("impossible calls are the user's error") {
  const auto gpu = shape_of(fidelity_test::h100());
  CHECK_THROWS_AS(plan(decode(0, 8, 8, 16), gpu, Library::flash3), ConfigError);
  CHECK_THROWS_AS(plan(decode(1, 8, 3, 16), gpu, Library::flash3), ConfigError);
  CHECK_THROWS_AS(hardware::tile::family_of("tpu_v5e"), ConfigError);
}
