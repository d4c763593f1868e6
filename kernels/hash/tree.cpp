#include "kernels/hash/tree.hpp"

#include <algorithm>

namespace fieldsim::integrity {

Outcome check(const TreeShape& shape) {
  if (shape.leaf_bytes < 64 || shape.leaf_bytes > kMaxLeafBytes || shape.leaf_bytes % 64 != 0)
    return fail(Code::bad_argument, "leaf_bytes", shape.leaf_bytes);
  if (shape.arity < 2 || shape.arity > kMaxArity)
    return fail(Code::bad_argument, "arity", shape.arity);
  return {};
}

TreeLevels tree_levels(const TreeShape& shape, std::int64_t length) {
  TreeLevels levels;
  if (length <= 0) return levels;
  std::int64_t count = (length - 1) / shape.leaf_bytes + 1;
  while (true) {
    levels.count.push_back(count);
    levels.offset.push_back(levels.total);
    levels.total += count;
    if (count == 1) return levels;
    count = (count - 1) / shape.arity + 1;
  }
}

std::size_t tree_bytes(const TreeShape& shape, std::int64_t length) {
  return static_cast<std::size_t>(tree_levels(shape, length).total) * sizeof(Digest);
}

Digest leaf_digest(const void* data, std::size_t bytes, Sha256Blocks blocks) {
  const std::uint8_t prefix = 0x00;
  return Sha256(blocks).update(&prefix, 1).update(data, bytes).finish();
}

Digest node_digest(const Digest* children, std::size_t count, Sha256Blocks blocks) {
  const std::uint8_t prefix = 0x01;
  return Sha256(blocks).update(&prefix, 1).update(children, count * sizeof(Digest)).finish();
}

std::vector<Digest> tree_reference(const TreeShape& shape, const void* data, std::size_t bytes,
                                   Sha256Blocks blocks) {
  const TreeLevels levels = tree_levels(shape, static_cast<std::int64_t>(bytes));
  std::vector<Digest> nodes(static_cast<std::size_t>(levels.total));
  const auto* p = static_cast<const std::uint8_t*>(data);
  std::size_t next = 0;
  for (std::size_t at = 0; at < bytes; at += shape.leaf_bytes)
    nodes[next++] =
        leaf_digest(p + at, std::min<std::size_t>(shape.leaf_bytes, bytes - at), blocks);
  for (std::size_t level = 0; level + 1 < levels.count.size(); ++level) {
    const auto first = static_cast<std::size_t>(levels.offset[level]);
    const auto count = static_cast<std::size_t>(levels.count[level]);
    for (std::size_t child = 0; child < count; child += shape.arity) {
      const std::size_t m = std::min<std::size_t>(shape.arity, count - child);
      const Digest* children = nodes.data() + first + child;
      nodes[next++] = m == 1 ? children[0] : node_digest(children, m, blocks);
    }
  }
  return nodes;
}

Digest tree_root(const std::vector<Digest>& nodes) {
  return nodes.empty() ? empty_root() : nodes.back();
}

}  // namespace fieldsim::integrity
