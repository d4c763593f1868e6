#include <algorithm>

#include "validation/measure/device.cuh"

namespace fieldsim::measure {
namespace {

__device__ std::uint32_t mix(std::uint32_t x) {  // lowbias32 by C. Wellons
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

// Keeping sign and mantissa of random bits and setting the exponent gives BF16 of [0.5, 2):
// exponent bits 0x3f00 with the lowest free. Read as FP16 the same patterns are [1.75, 2) in
// magnitude.
__global__ void fill_kernel(std::uint32_t* words, std::size_t count, std::uint32_t seed) {
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x)
    words[i] =
        (mix(static_cast<std::uint32_t>(i) ^ mix(seed + static_cast<std::uint32_t>(i >> 32))) &
         0x80ff80ffu) |
        0x3f003f00u;
}

__device__ std::uint32_t bf16_bits(float value) {  // nearest, ties to even; finite input
  const std::uint32_t bits = __float_as_uint(value);
  return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

__global__ void fill_scaled_kernel(std::uint32_t* words, std::size_t count, float scale,
                                   std::uint32_t seed) {
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const std::uint32_t r =
        mix(static_cast<std::uint32_t>(i) ^ mix(seed + static_cast<std::uint32_t>(i >> 32)));
    const auto value = [&](std::uint32_t bits) {
      const float magnitude = (0.5f + 1.5f * static_cast<float>(bits & 0x7fffu) / 32768.0f) * scale;
      return bf16_bits((bits & 0x8000u) != 0 ? -magnitude : magnitude);
    };
    words[i] = value(r & 0xffffu) | value(r >> 16) << 16;
  }
}

__global__ void not_finite_kernel(const std::uint16_t* data, std::size_t count,
                                  std::uint32_t exponent, unsigned long long* found) {
  unsigned long long mine = 0;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x)
    mine += (data[i] & exponent) == exponent;
  if (mine != 0) atomicAdd(found, mine);
}

// __ldcg: cached in L2 only. An SM reads the same addresses every time, and its L1 would serve
// them.
__global__ void read_kernel(const uint4* data, std::size_t count, int times, std::uint32_t* sink) {
  std::uint32_t seen = 0;
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  const auto fold = [&](const uint4& v) { seen = seen * 31 + (v.x ^ v.y ^ v.z ^ v.w); };
  for (int t = 0; t < times; ++t) {
    std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x;
    for (; i + 3 * stride < count; i += 4 * stride) {  // four loads in flight a thread
      const uint4 a = __ldcg(data + i), b = __ldcg(data + i + stride);
      const uint4 c = __ldcg(data + i + 2 * stride), d = __ldcg(data + i + 3 * stride);
      fold(a);
      fold(b);
      fold(c);
      fold(d);
    }
    for (; i < count; i += stride) fold(__ldcg(data + i));
  }
  if (seen == 0x9e3779b9u) *sink = seen;
}

unsigned blocks_for(std::size_t count) {
  return static_cast<unsigned>(std::clamp<std::size_t>(count / 256, 1, 8192));
}

}  // namespace

int device_count(std::string* why) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    *why = cudaGetErrorString(error);
    return 0;
  }
  if (count == 0) *why = "the driver lists no device";
  return count;
}

DeviceFacts device_facts(int device) {
  cudaDeviceProp prop;
  FIELDSIM_CUDA(cudaGetDeviceProperties(&prop, device));
  int driver = 0, runtime = 0;
  FIELDSIM_CUDA(cudaDriverGetVersion(&driver));
  FIELDSIM_CUDA(cudaRuntimeGetVersion(&runtime));
  const auto version = [](int v) {
    return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10);
  };
  DeviceFacts facts;
  facts.name = prop.name;
  facts.driver = "CUDA " + version(driver);
  facts.runtime = version(runtime);
  facts.arch = 10 * prop.major + prop.minor;
  facts.sm_count = prop.multiProcessorCount;
  facts.memory_bytes = static_cast<std::int64_t>(prop.totalGlobalMem);
  facts.l2_bytes = prop.l2CacheSize;
  facts.smem_per_sm = static_cast<std::int64_t>(prop.sharedMemPerMultiprocessor);
  return facts;
}

std::size_t free_memory() {
  std::size_t free = 0, total = 0;
  FIELDSIM_CUDA(cudaMemGetInfo(&free, &total));
  return free;
}

void fill_random(void* data, std::size_t bytes, std::uint32_t seed, cudaStream_t stream) {
  if (bytes < 4) return;
  fill_kernel<<<blocks_for(bytes / 4), 256, 0, stream>>>(static_cast<std::uint32_t*>(data),
                                                         bytes / 4, seed);
  FIELDSIM_CUDA(cudaGetLastError());
}

void fill_random_scaled(void* data, std::size_t bytes, float scale, std::uint32_t seed,
                        cudaStream_t stream) {
  if (bytes < 4) return;
  fill_scaled_kernel<<<blocks_for(bytes / 4), 256, 0, stream>>>(static_cast<std::uint32_t*>(data),
                                                                bytes / 4, scale, seed);
  FIELDSIM_CUDA(cudaGetLastError());
}

std::int64_t count_not_finite(const void* data, std::size_t count, bool f16, const Stream& stream) {
  const DeviceBuffer found(8);
  FIELDSIM_CUDA(cudaMemsetAsync(found.as<>(), 0, 8, stream.get()));
  not_finite_kernel<<<blocks_for(count), 256, 0, stream.get()>>>(
      static_cast<const std::uint16_t*>(data), count, f16 ? 0x7c00u : 0x7f80u,
      found.as<unsigned long long>());
  FIELDSIM_CUDA(cudaGetLastError());
  unsigned long long host = 0;
  FIELDSIM_CUDA(cudaMemcpyAsync(&host, found.as<>(), 8, cudaMemcpyDeviceToHost, stream.get()));
  stream.synchronize();
  return static_cast<std::int64_t>(host);
}

void read_all(const void* data, std::size_t bytes, int sm_count, std::uint32_t* sink,
              cudaStream_t stream, int times) {
  read_kernel<<<static_cast<unsigned>(8 * sm_count), 256, 0, stream>>>(
      static_cast<const uint4*>(data), bytes / 16, times, sink);
  FIELDSIM_CUDA(cudaGetLastError());
}

}  // namespace fieldsim::measure
