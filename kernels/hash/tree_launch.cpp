#include "kernels/hash/tree_launch.hpp"

#include <algorithm>

namespace fieldsim::integrity {

namespace {

constexpr std::int64_t kMaxBlocks = 2147483647;  // gridDim.x

Outcome check_digests(const TreeArgs& args, std::int64_t length) {
  if (const Outcome bad = check(args.shape); !bad.ok()) return bad;
  if (length < 0) return fail(Code::bad_argument, "length", length);
  if (leaf_blocks(args.shape, length) > kMaxBlocks)
    return fail(Code::bad_argument, "length", length);
  if (length == 0) return {};
  if (args.digests == nullptr) return fail(Code::bad_argument, "digests");
  if (!aligned(args.digests, 16)) return fail(Code::bad_align, "digests");
  const std::size_t needed = tree_bytes(args.shape, length);
  if (args.digests_bytes < needed)
    return fail(Code::too_small, "digests_bytes", static_cast<std::int64_t>(needed));
  return {};
}

}  // namespace

Outcome check(const TreeArgs& args) {
  if (const Outcome bad = check_digests(args, args.length); !bad.ok()) return bad;
  if (args.length > 0 && args.data == nullptr) return fail(Code::bad_argument, "data");
  if (!aligned(args.data, 16)) return fail(Code::bad_align, "data");
  return {};
}

Outcome check_fused(const QuantArgs& quant, const TreeArgs& tree) {
  QuantArgs with_codes = quant;
  if (quant.codes == nullptr) with_codes.codes = reinterpret_cast<std::int8_t*>(tree.digests);
  if (const Outcome bad = check_digests(tree, quant.length); !bad.ok()) return bad;
  if (const Outcome bad = check(with_codes); !bad.ok()) return bad;
  if (!aligned(quant.codes, 16)) return fail(Code::bad_align, "codes");
  return {};
}

std::vector<LevelArgs> level_launches(const TreeShape& shape, std::int64_t length,
                                      std::uint8_t* digests) {
  const TreeLevels tree = tree_levels(shape, length);
  std::vector<LevelArgs> launches;
  for (std::size_t level = 0; level + 1 < tree.count.size();) {
    LevelArgs args;
    args.digests = digests;
    args.arity = shape.arity;
    args.span = 1;
    args.count[0] = tree.count[level];
    args.offset[0] = tree.offset[level];
    while (args.levels < kMaxLevelsPerLaunch && level + 1 < tree.count.size() &&
           args.span * static_cast<int>(shape.arity) <= kMaxSpan) {
      ++level;
      ++args.levels;
      args.span *= static_cast<int>(shape.arity);
      args.count[args.levels] = tree.count[level];
      args.offset[args.levels] = tree.offset[level];
    }
    launches.push_back(args);
  }
  return launches;
}

}  // namespace fieldsim::integrity
