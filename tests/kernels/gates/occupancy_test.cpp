// resident_ctas against the toolkit's own cuda_occupancy.h, over the recorded kernels and a sweep.
#include <cuda_occupancy.h>

#include <catch2/catch.hpp>

#include "kernels/resources.hpp"

using namespace fieldsim::kernels;

namespace {

int toolkit_ctas(const DeviceInfo& d, int registers, int smem, int threads) {
  cudaOccDeviceProp prop;
  prop.computeMajor = d.arch / 10;
  prop.computeMinor = d.arch % 10;
  prop.maxThreadsPerBlock = 1024;
  prop.maxThreadsPerMultiprocessor = d.warps_per_sm * 32;
  prop.regsPerBlock = 65536;
  prop.regsPerMultiprocessor = d.registers_per_sm;
  prop.warpSize = 32;
  prop.sharedMemPerBlock = 49152;
  prop.sharedMemPerMultiprocessor = static_cast<std::size_t>(d.smem_per_sm);
  prop.numSms = d.sm_count;
  prop.sharedMemPerBlockOptin = static_cast<std::size_t>(d.smem_per_cta);
  prop.reservedSharedMemPerBlock = static_cast<std::size_t>(kReservedSmemPerCta);
  cudaOccFuncAttributes f;
  f.maxThreadsPerBlock = 1024;
  f.numRegs = registers;
  f.sharedSizeBytes = 0;
  f.partitionedGCConfig = PARTITIONED_GC_OFF;
  f.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  f.maxDynamicSharedSizeBytes = static_cast<std::size_t>(smem);
  f.numBlockBarriers = 1;
  cudaOccDeviceState state;
  state.cacheConfig = CACHE_PREFER_SHARED;
  state.carveoutConfig = 100;
  cudaOccResult result;
  const auto error = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &prop, &f, &state, threads,
                                                             static_cast<std::size_t>(smem));
  return error == CUDA_OCC_SUCCESS ? result.activeBlocksPerMultiprocessor : 0;
}

}  // namespace

TEST_CASE("occupancy of every recorded kernel equals the toolkit's") {
  for (const KernelResources& r : kResources)
    for (const DeviceInfo& d : {kA100, kH200, kB200}) {
      if (r.arch != d.arch || r.kernel != Kernel::fused) continue;
      for (const Tiling& t : kFusedTilings)
        if (t.head_dim == r.head_dim && t.stages == r.stages)
          CHECK(resident_ctas(d, r.registers, t.smem_bytes()) ==
                toolkit_ctas(d, r.registers, t.smem_bytes(), kThreads));
    }
}

TEST_CASE("occupancy equals the toolkit's over registers, shared memory and threads") {
  for (const DeviceInfo& d : {kA100, kH200})
    for (int threads : {32, 64, 96, 128, 256, 384, 1024})
      for (int registers = 16; registers <= 255; registers += 7) {
        if (registers * threads > 65536) continue;
        for (int smem : {0, 1000, 16384, 51264, 102464, 166912, 204880, 232448}) {
          INFO(d.arch << " threads " << threads << " registers " << registers << " smem " << smem);
          const int expected =
              smem > d.smem_per_cta ? 0 : toolkit_ctas(d, registers, smem, threads);
          CHECK(resident_ctas(d, registers, smem, threads) == expected);
        }
      }
}
