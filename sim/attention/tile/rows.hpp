#pragma once
// Pieces that the attention plans share.
#include <vector>

#include "sim/attention/tile/plan.hpp"

namespace fieldsim::attention::tile {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// KV tokens that one request's queries can see at most.
std::int64_t kv_span(const AttentionCall& call);

// Bytes and KV-write geometry, the same for every library. Throws ConfigError on an impossible
// call.
AttentionPlan common_plan(const AttentionCall& call);

// The runs of one head: row tiles with the KV tiles that the causal mask leaves them, each cut into
// `plan.splits`. `queries_per_row_token`: packed query heads per query token.
void append_row_tiles(const AttentionCall& call, std::int64_t queries_per_row_token,
                      AttentionPlan& plan, bool longest_first);

// `heads` in groups of `together`, the last one possibly smaller.
std::vector<std::int64_t> head_groups(std::int64_t heads, std::int64_t together);

}  // namespace fieldsim::attention::tile
