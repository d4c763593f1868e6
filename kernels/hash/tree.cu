// Launchers of the tree hash. Integer-bound rather than memory-bound: a compression is about 1,400
// integer instructions for 64 bytes, so that the leaf kernel's ceiling is the SMs' integer rate.
#include <cuda_runtime.h>

#include "kernels/hash/tree_launch.hpp"

namespace fieldsim::integrity {
namespace {

struct CudaBlock {
  std::uint32_t* words;
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ std::int64_t block() const { return blockIdx.x; }
  __device__ void sync() const { __syncthreads(); }
  __device__ std::uint32_t* shared() const { return words; }
};

// 8 CTAs an SM: 512 leaves at work, and 128 registers a thread, enough for every instantiation.
constexpr int kLeafCtas = 8;

template <class Source>
__global__ void __launch_bounds__(kLeafThreads, kLeafCtas) leaf_kernel(LeafArgs args) {
  __shared__ __align__(16) std::uint32_t words[kLeafSharedWords];
  hash_leaves<Source>(CudaBlock{words}, args);
}

__global__ void __launch_bounds__(kLevelThreads) level_kernel(LevelArgs args) {
  __shared__ __align__(16) std::uint32_t words[kLevelSharedWords];
  hash_levels(CudaBlock{words}, args);
}

Outcome launched(const char* what) {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? Outcome{} : fail(Code::cuda_error, what, error);
}

Outcome launch_levels(const TreeArgs& args, std::int64_t length, cudaStream_t stream) {
  for (const LevelArgs& level : level_launches(args.shape, length, args.digests)) {
    level_kernel<<<static_cast<unsigned>(level_blocks(level)), kLevelThreads, 0, stream>>>(level);
    if (const Outcome bad = launched("level_kernel"); !bad.ok()) return bad;
  }
  return {};
}

template <class Source>
Outcome launch_all(const LeafArgs& leaf, const TreeArgs& tree, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(leaf_blocks(tree.shape, leaf.length));
  leaf_kernel<Source><<<blocks, kLeafThreads, 0, stream>>>(leaf);
  if (const Outcome bad = launched("leaf_kernel"); !bad.ok()) return bad;
  return launch_levels(tree, leaf.length, stream);
}

}  // namespace

Outcome tree_hash(const TreeArgs& args, void* stream) {
  if (const Outcome bad = check(args); !bad.ok()) return bad;
  if (args.length == 0) return {};
  LeafArgs leaf;
  leaf.data = args.data;
  leaf.length = args.length;
  leaf.leaf_bytes = args.shape.leaf_bytes;
  leaf.digests = args.digests;
  return launch_all<RawSource>(leaf, args, static_cast<cudaStream_t>(stream));
}

Outcome quantize_and_hash(const QuantArgs& quant, const TreeArgs& tree, void* stream) {
  if (const Outcome bad = check_fused(quant, tree); !bad.ok()) return bad;
  if (quant.length == 0) return {};
  LeafArgs leaf;
  leaf.quant = quant;
  leaf.length = quant.length;
  leaf.leaf_bytes = tree.shape.leaf_bytes;
  leaf.digests = tree.digests;
  const auto s = static_cast<cudaStream_t>(stream);
  const bool per_tensor = quant.scales.count == 1;
  if (quant.type == Float16::f16)
    return per_tensor ? launch_all<QuantSource<Float16::f16, true>>(leaf, tree, s)
                      : launch_all<QuantSource<Float16::f16, false>>(leaf, tree, s);
  return per_tensor ? launch_all<QuantSource<Float16::bf16, true>>(leaf, tree, s)
                    : launch_all<QuantSource<Float16::bf16, false>>(leaf, tree, s);
}

}  // namespace fieldsim::integrity
