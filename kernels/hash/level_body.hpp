#pragma once
// The Merkle levels, written once for nvcc and for CPU runs. A CTA takes `span` = arity^k <= 256
// consecutive nodes through k levels in shared memory: 25,000 leaves need two launches, not 15.
// Every level is also written out, for inclusion proofs.
#include "kernels/hash/message.hpp"
#include "kernels/quant/int8_body.hpp"

namespace fieldsim::integrity {

inline constexpr int kLevelThreads = 128;
inline constexpr int kMaxSpan = 256;  // at most kLevelThreads parents, because arity >= 2
inline constexpr int kMaxLevelsPerLaunch = 8;
inline constexpr int kLevelSharedWords = kMaxSpan * 8;

struct LevelArgs {
  std::uint8_t* digests = nullptr;                    // all levels, 16-byte aligned
  std::int64_t count[kMaxLevelsPerLaunch + 1] = {};   // nodes; [0] is the level read
  std::int64_t offset[kMaxLevelsPerLaunch + 1] = {};  // of a level's first digest
  int levels = 0;                                     // levels to make
  int span = 0;
  std::uint32_t arity = 2;
};

// Parent of `m` >= 2 children, whose digests are the 8 m words from `children` on.
FIELDSIM_HD Sha256State hash_node(const std::uint32_t* children, std::uint32_t m) {
  TaggedMessage message(0x01);
  const std::uint32_t length = 32 * m, blocks = tagged_blocks(length);
  for (std::uint32_t b = 0; b < blocks; ++b) {
    std::uint32_t data[16] = {};
    FIELDSIM_HD_UNROLL
    for (std::uint32_t i = 0; i < 4; ++i) {
      if (16 * b + 4 * i < 8 * m) {
        const Quad quad = load_vector<Quad>(children + 16 * b + 4 * i);
        FIELDSIM_HD_UNROLL
        for (std::uint32_t j = 0; j < 4; ++j) data[4 * i + j] = quad.w[j];
      }
    }
    take_block(message, data, b, length);
  }
  return message.state;
}

template <class Block>
FIELDSIM_HD void hash_levels(const Block& block, const LevelArgs& args) {
  std::uint32_t* nodes = block.shared();
  const int thread = block.thread();
  std::int64_t first = block.block() * args.span;  // of the level being read
  const std::int64_t left = args.count[0] - first;
  int here = left < args.span ? static_cast<int>(left) : args.span;
  for (int i = thread; i < 2 * here; i += kLevelThreads)
    store_vector(nodes + 4 * i,
                 load_vector<Quad>(args.digests + 32 * (args.offset[0] + first) + 16 * i));
  block.sync();
  const int arity = static_cast<int>(args.arity);
  for (int level = 1; level <= args.levels; ++level) {
    const int parents = (here + arity - 1) / arity;
    Quad low{{0, 0, 0, 0}}, high{{0, 0, 0, 0}};
    if (thread < parents) {
      const std::uint32_t* children = nodes + 8 * arity * thread;
      const int m = here - arity * thread < arity ? here - arity * thread : arity;
      if (m == 1) {  // promoted unchanged
        low = load_vector<Quad>(children);
        high = load_vector<Quad>(children + 4);
      } else {
        const Sha256State state = hash_node(children, static_cast<std::uint32_t>(m));
        FIELDSIM_HD_UNROLL
        for (int i = 0; i < 4; ++i) {
          low.w[i] = byte_swap(state.h[i]);
          high.w[i] = byte_swap(state.h[4 + i]);
        }
      }
    }
    block.sync();  // all children are read before the first parent replaces one
    first /= arity;
    if (thread < parents) {
      store_vector(nodes + 8 * thread, low);
      store_vector(nodes + 8 * thread + 4, high);
      std::uint8_t* out = args.digests + 32 * (args.offset[level] + first + thread);
      store_vector(out, low);
      store_vector(out + 16, high);
    }
    block.sync();
    here = parents;
  }
}

}  // namespace fieldsim::integrity
