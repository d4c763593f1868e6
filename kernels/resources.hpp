#pragma once
// Registers, static shared memory and spills of every kernel instantiation, recorded from
// `ptxas -v` (nvcc 13.0.88). tests/kernels/gates compiles the kernels again and fails when a row
// changes; `tests/kernels/gates/gate.py record` prints the table.
#include "kernels/device.hpp"
#include "kernels/tiling.hpp"

namespace fieldsim::kernels {

struct KernelResources {
  Kernel kernel;
  int head_dim;
  int stages;
  DType dtype;
  int arch;               // 80, 90, 100
  int registers;          // per thread
  int static_smem_bytes;  // beside Tiling::smem_bytes(), which is dynamic
  int spill_bytes;        // stores plus loads
};

inline constexpr KernelResources kResources[] = {
#include "kernels/resources.inc"
};

// The recorded row; an arch between two recorded ones takes the lower. Null when there is none.
constexpr const KernelResources* find_resources(Kernel kernel, int head_dim, int stages,
                                                DType dtype, int arch) {
  const KernelResources* best = nullptr;
  for (const KernelResources& r : kResources)
    if (r.kernel == kernel && r.head_dim == head_dim && r.stages == stages && r.dtype == dtype &&
        r.arch <= arch && (best == nullptr || r.arch > best->arch))
      best = &r;
  return best;
}

// CTAs per SM of the fused kernel as planned for `device`.
constexpr int fused_ctas_per_sm(const DeviceInfo& device, int head_dim, DType dtype) {
  const Tiling t = fused_tiling(head_dim, device.smem_per_sm);
  const KernelResources* r = find_resources(Kernel::fused, head_dim, t.stages, dtype, device.arch);
  return r == nullptr ? 0
                      : resident_ctas(device, r->registers, t.smem_bytes() + r->static_smem_bytes);
}

}  // namespace fieldsim::kernels
