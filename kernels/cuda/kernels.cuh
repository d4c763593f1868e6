#pragma once
// The __global__ entry points.
#include "kernels/cuda/merge.cuh"
#include "kernels/cuda/unfused.cuh"

namespace fieldsim::kernels {

template <DType kType, int kDim, int kStages>
__global__ void __launch_bounds__(kThreads, find_tiling(kDim, kStages).min_ctas)
    fused_kernel(const __grid_constant__ Params p) {
  fused_body<kType, kDim, kStages>(p);
}

template <DType kType, int kDim>
__global__ void __launch_bounds__(kThreads, scores_tiling(kDim).min_ctas)
    scores_kernel(const __grid_constant__ Params p) {
  scores_body<kType, kDim>(p);
}

template <DType kType>
__global__ void __launch_bounds__(kThreads) softmax_rows_kernel(const __grid_constant__ Params p) {
  softmax_rows_body<kType>(p);
}

template <DType kType, int kDim>
__global__ void __launch_bounds__(kThreads, values_tiling(kDim).min_ctas)
    values_kernel(const __grid_constant__ Params p) {
  values_body<kType, kDim>(p);
}

template <DType kType, int kDim>
__global__ void __launch_bounds__(kThreads) merge_kernel(const __grid_constant__ MergeParams p) {
  merge_body<kType, kDim>(p);
}

}  // namespace fieldsim::kernels
