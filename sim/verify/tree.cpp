#include "sim/verify/tree.hpp"

#include <algorithm>
#include <bit>

namespace fieldsim::verify {

namespace {
constexpr std::int64_t kBlock = 64;             // bytes of one SHA-256 compression
constexpr double kBlocksPerLeafBeyondData = 3;  // one of padding, two for the inner node above
}  // namespace

std::int64_t tree_levels(Bytes payload, Bytes leaf) {
  const std::int64_t leaves = (payload.count() + leaf.count() - 1) / leaf.count();
  return leaves <= 1
             ? 0
             : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(leaves - 1)));
}

double tree_overhead(Bytes leaf) {
  return static_cast<double>(kBlock) / static_cast<double>(leaf.count()) * kBlocksPerLeafBeyondData;
}

hardware::gpu::Kernel tree_hash_kernel(const hardware::TreeHashParams& params, Bytes payload,
                                       Bytes leaf) {
  hardware::gpu::Kernel k;
  k.name = "tree hash";
  k.category = hardware::Category::hash;
  k.hbm = payload;
  // The compressed bytes exceed those read, and one leaf is a chain of compressions: the flow is
  // capped at whichever is slower.
  k.hbm_cap = scaled(params.rate, 1.0 / (1.0 + tree_overhead(leaf)));
  const Duration chain = params.compression * (leaf.count() / kBlock + 1);
  if (payload > Bytes::zero() && time_for(payload, k.hbm_cap) < chain)
    k.hbm_cap = BytesPerSecond::raw(detail::narrow(
        std::max<int128>(1, static_cast<int128>(payload.count()) * kPsPerSecond / chain.count())));
  k.fixed = params.level * tree_levels(payload, leaf);
  return k;
}

}  // namespace fieldsim::verify
