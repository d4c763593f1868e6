#pragma once
// Inclusion proofs: that the bytes of one leaf belong to a tensor whose record digest is known, in
// about 32 (arity - 1) log_arity(n) bytes instead of the tensor.
#include <cstdint>
#include <vector>

#include "kernels/hash/record.hpp"

namespace fieldsim::integrity {

struct Proof {
  std::uint64_t leaf = 0;        // index of the leaf
  std::vector<Digest> siblings;  // leaf level first, within a level in order, the own node left out
};

// `nodes` are all levels, as tree_reference or the kernels leave them. `leaf` must exist.
Outcome make_proof(const TensorRecord& record, const std::vector<Digest>& nodes, std::uint64_t leaf,
                   Proof* proof);

// True only if `data` [bytes] is exactly leaf `proof.leaf` of the tensor with this record digest.
// Positions come from the record's own length, never from the proof, so that a proof has one form.
bool verify_proof(const TensorRecord& record, const Digest& expected, const Proof& proof,
                  const void* data, std::size_t bytes);

}  // namespace fieldsim::integrity
