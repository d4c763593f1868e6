// TensorRT-LLM generated attention kernels for Blackwell, as FlashInfer ships them: two 128-row
// query tiles per CTA in prefill, query heads of a group packed into rows, KV split over a launch's
// free SMs. Source (flashinfer-ai/flashinfer): include/flashinfer/trtllm/fmha/fmhaKernels.cuh
// (computeCtaAndClusterConfig). The kernels themselves are binaries: tile times are not known from
// source.
#include <algorithm>

#include "sim/attention/tile/rows.hpp"

namespace fieldsim::attention::tile {

AttentionPlan plan_trtllm(const AttentionCall& call, const hardware::tile::GpuShape& gpu) {
  constexpr std::int64_t kNarrowRows = 64, kWideRows = 256, kColumns = 128;
  AttentionPlan p = common_plan(call);
  const std::int64_t rows = call.query_tokens * call.group();
  p.tile_rows = rows <= kNarrowRows ? kNarrowRows : kWideRows;
  p.tile_columns = kColumns;
  p.row_tiles = ceil_div(rows, p.tile_rows);
  p.kv_tiles = ceil_div(kv_span(call), p.tile_columns);
  p.resident = 1;
  if (call.query_tokens == 1) {
    const std::int64_t room = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(gpu.sms) / (call.batch * call.kv_heads * p.row_tiles));
    p.splits = std::min(ceil_div(kv_span(call), 2 * kColumns), room);
  }
  p.split_mode = p.splits > 1;
  append_row_tiles(call, call.group(), p, /*longest_first=*/true);
  p.grid.groups = {call.kv_heads};
  p.grid.repeats = call.batch;
  return p;
}

}  // namespace fieldsim::attention::tile
