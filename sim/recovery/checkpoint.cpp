#include "sim/recovery/checkpoint.hpp"

namespace fieldsim::recovery {

namespace {
constexpr Bytes kTableEntry = Bytes::raw(4);  // a block's number
constexpr Bytes kTokenId = Bytes::raw(4);
}  // namespace

Bytes block_table(const Context& c) {
  return kTableEntry * ((c.tokens + c.page_tokens - 1) / c.page_tokens * c.batch);
}

Retained retained(Checkpoint kind, const Context& c, std::int64_t unverified,
                  std::int64_t boundaries) {
  const Bytes kv = c.kv_per_token * unverified;
  switch (kind) {
    case Checkpoint::cow_blocks:
      return {Bytes::zero(), kv, block_table(c) * boundaries};
    case Checkpoint::full_copy_device:
      return {kv, kv, Bytes::zero()};
    case Checkpoint::full_copy_host:
      return {Bytes::zero(), kv, kv};
    case Checkpoint::recompute:
      break;
  }
  return {Bytes::zero(), Bytes::zero(), kTokenId * (unverified * c.batch)};
}

std::int64_t tainted_tokens(bool prefix_anchor, std::int64_t context_tokens,
                            std::int64_t kept_of_boundary) {
  return prefix_anchor ? context_tokens : kept_of_boundary;
}

}  // namespace fieldsim::recovery
