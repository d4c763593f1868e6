#pragma once
// What a ledger stores for a tensor: one digest over the tree's root and everything that gives the
// bytes a meaning. Two tensors with equal bytes but another type, shape, scale or tree have other
// digests, and an inclusion proof cannot lie about the number of leaves.
#include <cstdint>
#include <vector>

#include "kernels/hash/tree.hpp"

namespace fieldsim::integrity {

enum class ElementType : std::uint8_t { bytes = 0, f16 = 1, bf16 = 2, int8 = 3 };

struct TensorRecord {
  TreeShape tree;
  ElementType type = ElementType::bytes;
  std::vector<std::uint64_t> shape;  // outermost first; empty for a plain byte string
  std::vector<float> scales;         // of int8 codes; empty otherwise
  std::uint64_t scale_inner = 1;     // element i has scale[(i / inner) % size]
  std::uint64_t length = 0;          // bytes hashed
};

// Shape and length agree, scales are there exactly when the type is int8 and are usable.
Outcome check(const TensorRecord& record);

// Preimage, little-endian, without padding: 0x02, "fieldsim-tensor-v1" (18 bytes), u32 leaf_bytes,
// u32 arity, u8 type, u64 length, u32 rank, u64 x rank shape, u64 inner, u64 scale count, the
// scales' 32 bits each, and the 32 bytes of the root.
Digest record_digest(const TensorRecord& record, const Digest& root);

}  // namespace fieldsim::integrity
