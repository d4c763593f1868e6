#include "sim/attention/tile/rows.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

void append(hardware::tile::Grid& grid, std::int64_t steps, std::int64_t count) {
  if (count <= 0) return;
  const auto s = static_cast<double>(steps);
  if (!grid.runs.empty() && grid.runs.back().steps == s)
    grid.runs.back().repeat += count;
  else
    grid.runs.push_back({s, count});
}

}  // namespace

std::int64_t kv_span(const AttentionCall& call) {
  return call.window > 0 ? std::min(call.context, call.window + call.query_tokens - 1)
                         : call.context;
}

AttentionPlan common_plan(const AttentionCall& call) {
  const auto require = [](bool ok, const char* what) {
    if (!ok) throw ConfigError(Where{}, "attention", what);
  };
  require(call.batch >= 1 && call.query_tokens >= 1 && call.kv_heads >= 1 && call.head_dim >= 1,
          "batch, query tokens, heads and head size must be at least 1");
  require(call.query_heads % call.kv_heads == 0, "query heads must be a multiple of KV heads");
  require(!call.causal || call.context >= call.query_tokens,
          "the context must hold the new tokens");
  require(call.context >= 1, "there is no context to attend to");
  constexpr double kFp16 = 2;
  constexpr double kPartial = 4;  // fp32
  const double element = call.fp8 ? 1 : 2;
  const auto tokens = static_cast<double>(call.tokens());
  const auto dim = static_cast<double>(call.head_dim);
  const double q = tokens * static_cast<double>(call.query_heads) * dim;
  const double kv_row = 2 * static_cast<double>(call.kv_heads) * dim;
  AttentionPlan p;
  p.query_bytes = q * element;  // 8-bit caches take 8-bit queries
  p.output_bytes = q * kFp16;
  p.kv_bytes =
      static_cast<double>(call.batch) * static_cast<double>(kv_span(call)) * kv_row * element;
  const double written = call.writes ? tokens : 0;
  p.new_kv_bytes = written * kv_row * kFp16;
  p.written_bytes = written * kv_row * element;
  p.partial_bytes = q * kPartial;  // times the splits, where there are several
  // vLLM reshape_and_cache_flash: one CTA per token, min(kv_heads * head_dim, 512) threads.
  constexpr std::int64_t kThreads = 512, kWarp = 32, kHead = 128;
  if (!call.writes) return p;
  p.write_warps =
      static_cast<double>(ceil_div(std::min(call.kv_heads * call.head_dim, kThreads), kWarp));
  p.write_heads = static_cast<double>(call.kv_heads) * dim / static_cast<double>(kHead);
  return p;
}

void append_row_tiles(const AttentionCall& call, std::int64_t queries_per_row_token,
                      AttentionPlan& plan, bool longest_first) {
  // What the first query of a causal call sees besides itself; else every query sees the context.
  const std::int64_t history = call.context - (call.causal ? call.query_tokens : 0);
  plan.split_ctas = 1;
  for (std::int64_t i = 0; i < plan.row_tiles; ++i) {
    const std::int64_t tile = longest_first ? plan.row_tiles - 1 - i : i;
    const std::int64_t last =
        std::min(call.query_tokens, ceil_div((tile + 1) * plan.tile_rows, queries_per_row_token));
    const std::int64_t first = tile * plan.tile_rows / queries_per_row_token;
    const std::int64_t end = ceil_div(history + (call.causal ? last : 0), plan.tile_columns);
    const std::int64_t begin =
        call.window > 0
            ? std::max<std::int64_t>(0, history + first + 1 - call.window) / plan.tile_columns
            : 0;
    const std::int64_t blocks = std::max<std::int64_t>(end - begin, 1);
    const std::int64_t per_split = ceil_div(blocks, plan.splits);
    const std::int64_t full = ceil_div(blocks, per_split);
    plan.split_ctas = std::max(plan.split_ctas, full);
    append(plan.grid, per_split, full - 1);
    append(plan.grid, blocks - (full - 1) * per_split, 1);
    append(plan.grid, 0, plan.splits - full);
  }
}

std::vector<std::int64_t> head_groups(std::int64_t heads, std::int64_t together) {
  std::vector<std::int64_t> groups(static_cast<std::size_t>(heads / together), together);
  if (heads % together) groups.push_back(heads % together);
  return groups;
}

Library library_of(hardware::tile::Family family) {
  switch (family) {
    case hardware::tile::Family::ampere:
      return Library::flash2;
    case hardware::tile::Family::hopper:
      return Library::flash3;
    case hardware::tile::Family::blackwell:
      return Library::trtllm;
  }
  return Library::flash2;
}

AttentionPlan plan(const AttentionCall& call, const hardware::tile::GpuShape& gpu,
                   Library library) {
  switch (library) {
    case Library::flash2:
      return plan_flash2(call, gpu);
    case Library::flash3:
      return plan_flash3(call, gpu);
    case Library::trtllm:
      return plan_trtllm(call, gpu);
  }
  return plan_flash2(call, gpu);
}

}  // namespace fieldsim::attention::tile
