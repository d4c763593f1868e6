// Shared-memory formulas, the choice of a tiling, and the occupancy of the recorded kernels.
#include <catch2/catch.hpp>

#include "kernels/resources.hpp"

using namespace fieldsim::kernels;

TEST_CASE("shared memory of each instantiation, in bytes") {
  // Ring: warps x stages x 2 x 16 x D x 2; Q: 16 x D x 2; 64 bytes of flags.
  CHECK(fused_tiling(64, kH200.smem_per_sm).smem_bytes() == 4 * 3 * 4096 + 2048 + 64);
  CHECK(fused_tiling(128, kH200.smem_per_sm).smem_bytes() == 4 * 3 * 8192 + 4096 + 64);
  CHECK(fused_tiling(128, kA100.smem_per_sm).smem_bytes() == 4 * 2 * 8192 + 4096 + 64);
  CHECK(fused_tiling(256, kH200.smem_per_sm).smem_bytes() == 4 * 3 * 16384 + 8192 + 64);
  CHECK(fused_tiling(256, kA100.smem_per_sm).smem_bytes() == 4 * 2 * 16384 + 8192 + 64);
  for (const Tiling& t : kFusedTilings) {
    CHECK(t.ring_bytes() >= t.merge_bytes());  // the merge reuses the ring
    CHECK(t.ring_bytes() >= t.combine_bytes());
  }
}

TEST_CASE("every fused instantiation is recorded, spills nothing and fits its device") {
  for (const DeviceInfo& d : {kA100, kH100, kH200, kB200})
    for (int head_dim : kHeadDims)
      for (DType dtype : {DType::f16, DType::bf16}) {
        const Tiling t = fused_tiling(head_dim, d.smem_per_sm);
        const KernelResources* r = find_resources(Kernel::fused, head_dim, t.stages, dtype, d.arch);
        REQUIRE(r != nullptr);
        CHECK(r->arch == d.arch);
        CHECK(r->spill_bytes == 0);
        CHECK(fused_ctas_per_sm(d, head_dim, dtype) >= 1);
      }
  CHECK(find_resources(Kernel::fused, 64, 3, DType::bf16, 89)->arch == 80);
  CHECK(find_resources(Kernel::fused, 64, 3, DType::bf16, 75) == nullptr);
}

TEST_CASE("at least 64 KB per SM are in flight") {
  // Little's law asks for some 28 KB per SM on an H200; docs/kernels.md, "Bytes in flight".
  for (const DeviceInfo& d : {kA100, kH200, kB200})
    for (int head_dim : kHeadDims)
      CHECK(fused_ctas_per_sm(d, head_dim, DType::bf16) *
                fused_tiling(head_dim, d.smem_per_sm).bytes_in_flight() >=
            64 * 1024);
}

TEST_CASE("each limit of occupancy binds where it should") {
  CHECK(resident_ctas(kH200, 32, 0, 1024) == 2);           // warps
  CHECK(resident_ctas(kH200, 128, 0, 128) == 4);           // registers
  CHECK(resident_ctas(kH200, 32, 100 * 1024, 128) == 2);   // shared memory
  CHECK(resident_ctas(kH200, 16, 0, 32) == 32);            // CTAs
  CHECK(resident_ctas(kA100, 32, 166912 + 16, 128) == 0);  // does not fit at all
}
