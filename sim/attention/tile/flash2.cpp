// FlashAttention 2 with a paged cache, as vLLM calls it: always the split-KV kernel, 64 x 128
// tiles. Sources (Dao-AILab/flash-attention, csrc/flash_attn): src/flash_fwd_launch_template.h
// (run_mha_fwd_splitkv_dispatch), flash_api.cpp (num_splits_heuristic, seqlenq_ngroups_swapped).
#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/attention/tile/rows.hpp"

namespace fieldsim::attention::tile {
namespace {

constexpr std::int64_t kRows = 64;
constexpr std::int64_t kMaxSplits = 128;

std::int64_t columns(std::int64_t head_dim) {
  return head_dim <= 64 ? 256 : head_dim <= 128 ? 128 : 64;
}

// The smallest eligible number of splits with 85 % of the best wave efficiency over two CTAs per
// SM.
std::int64_t splits(double tiles, double slots, std::int64_t kv_tiles) {
  if (tiles >= 0.8 * slots) return 1;
  const std::int64_t most = std::min({kMaxSplits, static_cast<std::int64_t>(slots), kv_tiles});
  const auto eligible = [&](std::int64_t n) {
    return n == 1 || ceil_div(kv_tiles, n) != ceil_div(kv_tiles, n - 1);
  };
  const auto efficiency = [&](std::int64_t n) {
    const double waves = tiles * static_cast<double>(n) / slots;
    return eligible(n) ? waves / std::ceil(waves) : 0.0;
  };
  double best = 0;
  for (std::int64_t n = 1; n <= most; ++n) best = std::max(best, efficiency(n));
  for (std::int64_t n = 1; n <= most; ++n)
    if (eligible(n) && efficiency(n) >= 0.85 * best) return n;
  return 1;
}

}  // namespace

AttentionPlan plan_flash2(const AttentionCall& call, const hardware::tile::GpuShape& gpu) {
  AttentionPlan p = common_plan(call);
  p.tile_rows = kRows;
  p.tile_columns = columns(call.head_dim);
  p.kv_tiles = ceil_div(kv_span(call), p.tile_columns);
  const auto fits = hardware::tile::residency(
      gpu.sm, cta_resources(Library::flash2, p.tile_rows, p.tile_columns, call.head_dim, 2));
  p.resident = std::max<std::int64_t>(fits.ctas, 1);
  std::int64_t heads = call.query_heads;
  if (call.query_tokens == 1 && call.group() > 1) {
    // Decode of a grouped model: the group's query heads become the rows of one tile, and KV may
    // split.
    heads = call.kv_heads;
    p.row_tiles = ceil_div(call.group(), p.tile_rows);
    p.grouped = true;
    p.copies = call.kv_heads > 1 && call.batch > 1;
    constexpr double kHeuristicCtas = 2;  // the rule assumes two CTAs per SM whatever fits
    p.splits = splits(static_cast<double>(call.batch * heads * p.row_tiles),
                      kHeuristicCtas * gpu.sms, p.kv_tiles);
    append_row_tiles(call, call.group(), p, false);
  } else {
    p.row_tiles = ceil_div(call.query_tokens, p.tile_rows);
    append_row_tiles(call, 1, p, false);
  }
  p.split_mode = p.splits > 1;
  // Grid order: row tiles fastest, then requests, then heads.
  p.grid.groups = {1};
  p.grid.repeats = call.batch * heads;
  return p;
}

}  // namespace fieldsim::attention::tile
