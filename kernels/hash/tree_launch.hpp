#pragma once
// Tree hashing on a device: argument checks and the launch list (pure, tested alone), and the
// launches (tree.cu, built where nvcc is).
#include <vector>

#include "kernels/hash/leaf_body.hpp"
#include "kernels/hash/level_body.hpp"

namespace fieldsim::integrity {

struct TreeArgs {
  TreeShape shape;
  const std::uint8_t* data = nullptr;  // device, [length], 16-byte aligned
  std::int64_t length = 0;
  std::uint8_t* digests = nullptr;  // device, 16-byte aligned: all levels, the root last
  std::size_t digests_bytes = 0;    // at least tree_bytes(shape, length)
};
Outcome check(const TreeArgs& args);

// quant.codes may be null: the codes are hashed and not kept. `tree.data` and `tree.length` are
// ignored: what is hashed are the codes, one byte an element.
Outcome check_fused(const QuantArgs& quant, const TreeArgs& tree);

// Launches after the leaves: each takes as many levels as fit in a span.
std::vector<LevelArgs> level_launches(const TreeShape& shape, std::int64_t length,
                                      std::uint8_t* digests);
inline std::int64_t leaf_blocks(const TreeShape& shape, std::int64_t length) {
  const std::int64_t per_block = std::int64_t{shape.leaf_bytes} * kLeafThreads;
  return (length + per_block - 1) / per_block;
}
inline std::int64_t level_blocks(const LevelArgs& args) {
  return (args.count[0] + args.span - 1) / args.span;
}

// On `stream` (a cudaStream_t), without synchronisation. An empty input launches nothing; its root
// is empty_root(). After a fused call, *quant.first_nan tells whether the digests mean anything.
Outcome tree_hash(const TreeArgs& args, void* stream);
Outcome quantize_and_hash(const QuantArgs& quant, const TreeArgs& tree, void* stream);

}  // namespace fieldsim::integrity
