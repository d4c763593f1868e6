#pragma once
// What the planner needs to know of a GPU, and the occupancy rule. The rule equals
// cuda_occupancy.h (tests/kernels/gates compares them), without a CUDA header.
#include "kernels/tiling.hpp"

namespace fieldsim::kernels {

// Limits per SM from the CUDA C++ Programming Guide, "Compute Capabilities".
struct DeviceInfo {
  int arch = 90;  // 80, 90, 100: compute capability times ten
  int sm_count = 132;
  int smem_per_sm = 233472;      // bytes
  int smem_per_cta = 232448;     // bytes, opt-in maximum
  int registers_per_sm = 65536;  // 32-bit
  int warps_per_sm = 64;
  int ctas_per_sm = 32;
};

inline constexpr DeviceInfo kA100{80, 108, 167936, 166912, 65536, 64, 32};
inline constexpr DeviceInfo kH100{90, 132, 233472, 232448, 65536, 64, 32};
inline constexpr DeviceInfo kH200 = kH100;
inline constexpr DeviceInfo kB200{100, 148, 233472, 232448, 65536, 64, 32};

inline constexpr int kReservedSmemPerCta = 1024;  // bytes, sm_80 and later
inline constexpr int kRegisterAllocation = 256;   // registers, granularity of one warp
inline constexpr int kSmemAllocation = 128;       // bytes
inline constexpr int kSmPartitions = 4;           // a warp's registers come from one quarter

// CTAs of `threads` threads that one SM holds at once; 0 when one does not fit.
constexpr int resident_ctas(const DeviceInfo& device, int registers, int smem_bytes,
                            int threads = kThreads) {
  const int warps = ceil_div(threads, 32);
  const int warp_registers = ceil_div(registers * 32, kRegisterAllocation) * kRegisterAllocation;
  const int warps_by_registers =
      device.registers_per_sm / kSmPartitions / warp_registers * kSmPartitions;
  const int smem = ceil_div(smem_bytes + kReservedSmemPerCta, kSmemAllocation) * kSmemAllocation;
  if (smem_bytes > device.smem_per_cta) return 0;
  int ctas = device.ctas_per_sm;
  if (device.warps_per_sm / warps < ctas) ctas = device.warps_per_sm / warps;
  if (warps_by_registers / warps < ctas) ctas = warps_by_registers / warps;
  if (device.smem_per_sm / smem < ctas) ctas = device.smem_per_sm / smem;
  return ctas;
}

}  // namespace fieldsim::kernels
