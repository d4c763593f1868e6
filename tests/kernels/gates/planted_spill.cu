// The fused kernel with room for 64 registers only: it must spill, and the gates must say so.
#include "kernels/cuda/fused.cuh"

namespace fieldsim::kernels {

template <DType kType, int kDim, int kStages>
__global__ void __launch_bounds__(kThreads, 8) planted_kernel(const __grid_constant__ Params p) {
  fused_body<kType, kDim, kStages>(p);
}
template __global__ void planted_kernel<DType::bf16, 128, 3>(const __grid_constant__ Params);

}  // namespace fieldsim::kernels
