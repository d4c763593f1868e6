#pragma once
// Tree hash of a byte string: SHA-256 leaves of `leaf_bytes` bytes under Merkle levels of `arity`,
// so that thousands of GPU threads can hash one tensor (a linear SHA-256 is one thread's work).
//
//   leaf_i = SHA-256(0x00 || bytes [i c, min((i + 1) c, n)))
//   node   = SHA-256(0x01 || child_0 || ... || child_{m-1}),  2 <= m <= arity
//   digest = SHA-256(0x02 || record || root)                  (record.hpp)
//
// The prefixes keep the three apart: no leaf can be passed off as a node (RFC 6962, 2.1). Levels
// group consecutive nodes; the last group of a level may be short, and a group of one is promoted
// unchanged (never duplicated: duplication lets two inputs share a root). With arity 2 the root is
// RFC 6962's. An empty string has no leaf; its root is SHA-256 of nothing, as there.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/hash/sha256.hpp"
#include "kernels/quant/outcome.hpp"

namespace fieldsim::integrity {

struct TreeShape {
  std::uint32_t leaf_bytes = 4096;  // a multiple of 64, 64 to 1 MiB
  std::uint32_t arity = 2;          // 2 to 64
};
inline constexpr std::uint32_t kMaxLeafBytes = 1u << 20;
inline constexpr std::uint32_t kMaxArity = 64;
Outcome check(const TreeShape& shape);

// All levels lie in one array of digests, leaves first; the root is the last.
struct TreeLevels {
  std::vector<std::int64_t> count;   // nodes of each level; empty for an empty string
  std::vector<std::int64_t> offset;  // index of each level's first digest
  std::int64_t total = 0;            // digests
  std::int64_t root() const { return total - 1; }
};
TreeLevels tree_levels(const TreeShape& shape, std::int64_t length);

// Buffer that a tree of `length` bytes needs, known before anything is launched.
std::size_t tree_bytes(const TreeShape& shape, std::int64_t length);

Digest leaf_digest(const void* data, std::size_t bytes,
                   Sha256Blocks blocks = sha256_blocks_portable);
Digest node_digest(const Digest* children, std::size_t count,
                   Sha256Blocks blocks = sha256_blocks_portable);
inline Digest empty_root() { return sha256(nullptr, 0); }

// Plain reference: every level's digests in the order of TreeLevels. `shape` has passed check.
std::vector<Digest> tree_reference(const TreeShape& shape, const void* data, std::size_t bytes,
                                   Sha256Blocks blocks = sha256_blocks_portable);
Digest tree_root(const std::vector<Digest>& nodes);

}  // namespace fieldsim::integrity
