#include "kernels/hash/proof.hpp"

#include <algorithm>

namespace fieldsim::integrity {

Outcome make_proof(const TensorRecord& record, const std::vector<Digest>& nodes, std::uint64_t leaf,
                   Proof* proof) {
  if (const Outcome bad = check(record); !bad.ok()) return bad;
  if (proof == nullptr) return fail(Code::bad_argument, "proof");
  const TreeLevels levels = tree_levels(record.tree, static_cast<std::int64_t>(record.length));
  if (nodes.size() != static_cast<std::size_t>(levels.total))
    return fail(Code::bad_argument, "nodes", levels.total);
  if (levels.total == 0 || leaf >= static_cast<std::uint64_t>(levels.count[0]))
    return fail(Code::bad_argument, "leaf", static_cast<std::int64_t>(leaf));
  proof->leaf = leaf;
  proof->siblings.clear();
  std::uint64_t index = leaf;
  for (std::size_t level = 0; level + 1 < levels.count.size(); ++level) {
    const auto count = static_cast<std::uint64_t>(levels.count[level]);
    const std::uint64_t first = index / record.tree.arity * record.tree.arity;
    const std::uint64_t end = std::min<std::uint64_t>(first + record.tree.arity, count);
    for (std::uint64_t i = first; i < end; ++i)
      if (i != index)
        proof->siblings.push_back(nodes[static_cast<std::uint64_t>(levels.offset[level]) + i]);
    index /= record.tree.arity;
  }
  return {};
}

bool verify_proof(const TensorRecord& record, const Digest& expected, const Proof& proof,
                  const void* data, std::size_t bytes) {
  if (!check(record).ok()) return false;
  const std::uint64_t size = record.tree.leaf_bytes, arity = record.tree.arity;
  if (record.length == 0 || proof.leaf > (record.length - 1) / size) return false;
  // The hash would show a wrong length as well; this spares hashing what a stranger sent.
  if (bytes != std::min(size, record.length - proof.leaf * size)) return false;
  Digest digest = leaf_digest(data, bytes);
  std::size_t used = 0;
  std::uint64_t index = proof.leaf, count = (record.length - 1) / size + 1;
  for (; count > 1; count = (count - 1) / arity + 1, index /= arity) {
    const std::uint64_t first = index / arity * arity, m = std::min(arity, count - first);
    if (m == 1) continue;  // promoted
    if (proof.siblings.size() - used < m - 1) return false;
    std::vector<Digest> children(m);
    for (std::uint64_t i = 0; i < m; ++i)
      children[i] = first + i == index ? digest : proof.siblings[used++];
    digest = node_digest(children.data(), children.size());
  }
  return used == proof.siblings.size() && record_digest(record, digest) == expected;
}

}  // namespace fieldsim::integrity
