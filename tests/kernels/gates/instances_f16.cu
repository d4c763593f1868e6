// Every kernel instantiation for F16: the unit that the resource and opcode gates compile.
#include "kernels/cuda/kernels.cuh"

namespace fieldsim::kernels {

template __global__ void fused_kernel<DType::f16, 64, 3>(const __grid_constant__ Params);
template __global__ void fused_kernel<DType::f16, 128, 2>(const __grid_constant__ Params);
template __global__ void fused_kernel<DType::f16, 128, 3>(const __grid_constant__ Params);
template __global__ void fused_kernel<DType::f16, 256, 2>(const __grid_constant__ Params);
template __global__ void fused_kernel<DType::f16, 256, 3>(const __grid_constant__ Params);
template __global__ void scores_kernel<DType::f16, 64>(const __grid_constant__ Params);
template __global__ void scores_kernel<DType::f16, 128>(const __grid_constant__ Params);
template __global__ void scores_kernel<DType::f16, 256>(const __grid_constant__ Params);
template __global__ void softmax_rows_kernel<DType::f16>(const __grid_constant__ Params);
template __global__ void values_kernel<DType::f16, 64>(const __grid_constant__ Params);
template __global__ void values_kernel<DType::f16, 128>(const __grid_constant__ Params);
template __global__ void values_kernel<DType::f16, 256>(const __grid_constant__ Params);
template __global__ void merge_kernel<DType::f16, 64>(const __grid_constant__ MergeParams);
template __global__ void merge_kernel<DType::f16, 128>(const __grid_constant__ MergeParams);
template __global__ void merge_kernel<DType::f16, 256>(const __grid_constant__ MergeParams);

}  // namespace fieldsim::kernels
