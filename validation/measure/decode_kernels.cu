#include <cuda_bf16.h>

#include "validation/measure/decode_kernels.cuh"
#include "validation/measure/device.cuh"

namespace fieldsim::measure {
namespace {

constexpr int kThreads = 256;

__device__ float widened(std::uint16_t bits) { return __uint_as_float(std::uint32_t{bits} << 16); }
__device__ std::uint16_t narrowed(float value) {
  return __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

__global__ void embed_kernel(const std::uint16_t* table, const std::int32_t* token, float* x,
                             int width) {
  const std::int64_t row = *token;
  for (int i = blockIdx.x * kThreads + threadIdx.x; i < width; i += gridDim.x * kThreads)
    x[i] = widened(table[row * width + i]);
}

__global__ void __launch_bounds__(1024)
    rms_norm_kernel(const float* x, std::uint16_t* out, int width) {
  __shared__ float partial[32];
  float sum = 0;
  for (int i = threadIdx.x; i < width; i += 1024) sum += x[i] * x[i];
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, mask);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  float total = 0;
  for (const float p : partial) total += p;
  const float scale = rsqrtf(total / static_cast<float>(width) + 1e-5f);
  for (int i = threadIdx.x; i < width; i += 1024) out[i] = narrowed(x[i] * scale);
}

__global__ void add_kernel(float* x, const std::uint16_t* y, int width) {
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i < width) x[i] += widened(y[i]);
}

__global__ void append_kernel(const std::uint16_t* k_new, const std::uint16_t* v_new,
                              std::uint16_t* k, std::uint16_t* v, int kv_width) {
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= kv_width) return;
  k[i] = k_new[i];
  v[i] = v_new[i];
}

__global__ void silu_kernel(const std::uint16_t* gate_up, std::uint16_t* out, int ff) {
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= ff) return;
  const float gate = widened(gate_up[i]);
  out[i] = narrowed(gate / (1 + expf(-gate)) * widened(gate_up[ff + i]));
}

__global__ void __launch_bounds__(1024)
    argmax_kernel(const std::uint16_t* logits, int vocab, std::int32_t* token) {
  __shared__ float best_value[1024];
  __shared__ int best_index[1024];
  float value = -INFINITY;
  int index = 0;
  for (int i = threadIdx.x; i < vocab; i += 1024)
    if (const float v = widened(logits[i]); v > value) {
      value = v;
      index = i;
    }
  best_value[threadIdx.x] = value;
  best_index[threadIdx.x] = index;
  for (int half = 512; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      const float other = best_value[threadIdx.x + half];
      const int other_index = best_index[threadIdx.x + half];
      if (other > best_value[threadIdx.x] ||
          (other == best_value[threadIdx.x] && other_index < best_index[threadIdx.x])) {
        best_value[threadIdx.x] = other;
        best_index[threadIdx.x] = other_index;
      }
    }
  }
  if (threadIdx.x == 0) *token = best_index[0];
}

// A warp a row; 16-byte loads of both operands.
__global__ void __launch_bounds__(kThreads)
    matrix_vector_kernel(const uint4* w, const uint4* x, std::uint16_t* y, int rows, int chunks) {
  const int row = (blockIdx.x * kThreads + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= rows) return;
  float sum = 0;
  for (int c = lane; c < chunks; c += 32) {
    const uint4 a = w[std::int64_t{row} * chunks + c], b = x[c];
    const std::uint32_t as[4] = {a.x, a.y, a.z, a.w}, bs[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      sum += __uint_as_float(as[i] << 16) * __uint_as_float(bs[i] << 16);
      sum += __uint_as_float(as[i] & 0xffff0000u) * __uint_as_float(bs[i] & 0xffff0000u);
    }
  }
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, mask);
  if (lane == 0) y[row] = narrowed(sum);
}

unsigned blocks(int n) { return static_cast<unsigned>((n + kThreads - 1) / kThreads); }

}  // namespace

void embed(const std::uint16_t* table, const std::int32_t* token, float* x, int width,
           cudaStream_t stream) {
  embed_kernel<<<blocks(width), kThreads, 0, stream>>>(table, token, x, width);
  FIELDSIM_CUDA(cudaGetLastError());
}
void rms_norm(const float* x, std::uint16_t* out, int width, cudaStream_t stream) {
  rms_norm_kernel<<<1, 1024, 0, stream>>>(x, out, width);
  FIELDSIM_CUDA(cudaGetLastError());
}
void add_residual(float* x, const std::uint16_t* y, int width, cudaStream_t stream) {
  add_kernel<<<blocks(width), kThreads, 0, stream>>>(x, y, width);
  FIELDSIM_CUDA(cudaGetLastError());
}
void append_kv(const std::uint16_t* qkv, int width, int kv_width, std::uint16_t* k,
               std::uint16_t* v, std::int64_t at, cudaStream_t stream) {
  append_kernel<<<blocks(kv_width), kThreads, 0, stream>>>(qkv + width, qkv + width + kv_width,
                                                           k + at, v + at, kv_width);
  FIELDSIM_CUDA(cudaGetLastError());
}
void silu_mul(const std::uint16_t* gate_up, std::uint16_t* out, int ff, cudaStream_t stream) {
  silu_kernel<<<blocks(ff), kThreads, 0, stream>>>(gate_up, out, ff);
  FIELDSIM_CUDA(cudaGetLastError());
}
void argmax(const std::uint16_t* logits, int vocab, std::int32_t* token, cudaStream_t stream) {
  argmax_kernel<<<1, 1024, 0, stream>>>(logits, vocab, token);
  FIELDSIM_CUDA(cudaGetLastError());
}
void matrix_vector(const std::uint16_t* w, const std::uint16_t* x, std::uint16_t* y, int rows,
                   int columns, cudaStream_t stream) {
  matrix_vector_kernel<<<blocks(32 * rows), kThreads, 0, stream>>>(
      reinterpret_cast<const uint4*>(w), reinterpret_cast<const uint4*>(x), y, rows, columns / 8);
  FIELDSIM_CUDA(cudaGetLastError());
}

}  // namespace fieldsim::measure
