// FlashAttention 3 as vLLM calls it with a paged cache of 64-token pages: non-TMA loads, the query
// heads of a KV group packed into the tile's rows, varlen dynamic persistent scheduler.
// Sources (vllm-project/flash-attention): hopper/tile_size.h, hopper/heuristics.h,
// hopper/flash_prepare_scheduler.cu, hopper/tile_scheduler.hpp; vllm
// v1/attention/backends/flash_attn.py.
#include <algorithm>
#include <cmath>

#include "sim/attention/tile/rows.hpp"

namespace fieldsim::attention::tile {
namespace {

constexpr std::int64_t kNarrowRows = 64;  // one MMA warpgroup when all rows fit
constexpr std::int64_t kWideRows = 128;
constexpr std::int64_t kGraphTokens = 512;  // capture size: up to here vLLM allows splits ...
constexpr std::int64_t kGraphSplits = 32;   // ... this many
constexpr std::int64_t kMaxSplits = 128;
constexpr std::int64_t kSchedulerBatch = 992;  // 31 requests x 32 warps: beyond it no dynamic split
constexpr float kSplitMargin = 1.1F;
constexpr double kKvBlocksBytes = 8.0 * 1024 * 1024;  // L2 budget of the head swizzle

// KV rows of a tile. 8-bit narrow tiles: the source says 160; the step between 64 and 128 tokens in
// the measurements says 96. 8-bit wide tiles: 224 (TMA form of the source) fits, 160 does not.
std::int64_t columns(std::int64_t head_dim, bool fp8, bool narrow) {
  if (head_dim <= 128) return fp8 ? (narrow ? 96 : 224) : 128;
  if (head_dim <= 192) return fp8 ? 160 : 96;
  return fp8 ? 128 : 80;
}

// num_splits_heuristic of one request's tiles: the smallest count with 85 % of the best efficiency.
std::int64_t static_splits(double tiles, double sms, std::int64_t kv_tiles) {
  constexpr std::int64_t kNeverSplit = 4;
  if (tiles >= 0.8 * sms || kv_tiles <= kNeverSplit) return 1;
  const std::int64_t most = std::min({kMaxSplits, static_cast<std::int64_t>(sms), kv_tiles});
  const auto efficiency = [&](std::int64_t n) {
    const double waves = tiles * static_cast<double>(n) / sms;
    return waves / std::ceil(waves);
  };
  double best = 0;
  for (std::int64_t n = 1; n <= most; ++n) best = std::max(best, efficiency(n));
  for (std::int64_t n = 1; n <= most; ++n)
    if (efficiency(n) >= 0.85 * best) return n;
  return 1;
}

}  // namespace

AttentionPlan plan_flash3(const AttentionCall& call, const hardware::tile::GpuShape& gpu) {
  AttentionPlan p = common_plan(call);
  const std::int64_t group = call.group();
  const std::int64_t rows = call.query_tokens * group;
  const bool narrow = rows <= kNarrowRows;
  p.tile_rows = narrow ? kNarrowRows : kWideRows;
  p.tile_columns = columns(call.head_dim, call.fp8, narrow);
  p.row_tiles = ceil_div(rows, p.tile_rows);
  p.kv_tiles = ceil_div(kv_span(call), p.tile_columns);
  p.resident = 1;
  p.scans_requests = true;

  const double row_tiles = static_cast<double>(p.row_tiles);
  const double heads = static_cast<double>(call.kv_heads);
  std::int64_t allowed = 1;
  if (call.tokens() <= kGraphTokens)
    allowed = kGraphSplits;
  else if (call.batch <= kSchedulerBatch)
    allowed = static_splits(heads * row_tiles, gpu.sms, p.kv_tiles);
  p.split_mode = allowed > 1;
  if (call.batch <= kSchedulerBatch) {
    const float blocks = static_cast<float>(call.batch * p.row_tiles * p.kv_tiles);
    const float per_sm = std::ceil(blocks * kSplitMargin * static_cast<float>(call.kv_heads) /
                                   static_cast<float>(gpu.sms));
    p.splits = std::clamp<std::int64_t>(ceil_div(p.kv_tiles, static_cast<std::int64_t>(per_sm)), 1,
                                        allowed);
  }
  // Longest tiles first; heads advance inside a row tile, in groups whose KV shares L2.
  append_row_tiles(call, group, p, /*longest_first=*/true);
  const double kv_block =
      static_cast<double>(p.tile_columns * call.head_dim * 2) * (call.fp8 ? 1.0 : 2.0);
  std::int64_t together = 1;
  for (const std::int64_t n : {16, 8, 4, 2}) {
    if (static_cast<double>(p.kv_tiles * n) <= kKvBlocksBytes / kv_block) {
      together = n;
      break;
    }
  }
  p.grid.groups = head_groups(call.kv_heads, together);
  p.grid.repeats = call.batch;
  return p;
}

}  // namespace fieldsim::attention::tile
