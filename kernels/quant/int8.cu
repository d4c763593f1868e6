// Launcher of the INT8 quantiser. Memory-bound: 3 bytes of traffic an element, no reuse; a grid of
// a few CTAs per SM with 16-byte loads is all it needs.
#include <cuda_runtime.h>

#include <algorithm>

#include "kernels/quant/int8_body.hpp"

namespace fieldsim::integrity {
namespace {

constexpr int kThreads = 256;

template <Float16 kType, bool kPerTensor>
__global__ void __launch_bounds__(kThreads) quantize_kernel(QuantArgs args) {
  quantize_thread<kType, kPerTensor>(args, std::int64_t{blockIdx.x} * kThreads + threadIdx.x,
                                     std::int64_t{gridDim.x} * kThreads);
}

template <Float16 kType>
void launch(const QuantArgs& args, unsigned blocks, cudaStream_t stream) {
  if (args.scales.count == 1)
    quantize_kernel<kType, true><<<blocks, kThreads, 0, stream>>>(args);
  else
    quantize_kernel<kType, false><<<blocks, kThreads, 0, stream>>>(args);
}

}  // namespace

Outcome quantize_int8(const QuantArgs& args, void* stream) {
  if (const Outcome bad = check(args); !bad.ok()) return bad;
  if (args.length == 0) return {};
  // Enough CTAs to fill any current device eight times over; the loop takes the rest.
  const std::int64_t groups = (args.length + 7) / 8;
  const std::int64_t blocks = std::min<std::int64_t>((groups + kThreads - 1) / kThreads, 2048);
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  if (args.type == Float16::f16)
    launch<Float16::f16>(args, static_cast<unsigned>(blocks), cuda_stream);
  else
    launch<Float16::bf16>(args, static_cast<unsigned>(blocks), cuda_stream);
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess) return fail(Code::cuda_error, "quantize_int8", error);
  return {};
}

}  // namespace fieldsim::integrity
