#include "sim/attention/tile/own_kernel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/resources.hpp"
#include "sim/attention/residency.hpp"
#include "sim/attention/tile/rows.hpp"
#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

hardware::tile::CtaResources resources(const kernels::Tiling& t, std::int64_t registers) {
  return {kernels::kThreads, registers, Bytes::raw(t.smem_bytes())};
}

}  // namespace

OwnKernel own_kernel(const hardware::SmParams& sm, std::int64_t head_dim, std::int64_t registers) {
  OwnKernel best;
  bool known = false;
  Bytes least_over = Bytes::max();
  kernels::Tiling smallest;
  for (const kernels::Tiling& t : kernels::kFusedTilings) {
    if (t.head_dim != head_dim) continue;
    known = true;
    const auto cta = resources(t, registers);
    const auto r = hardware::tile::residency(sm, cta);
    if (r.ctas == 0 && r.over > Bytes::zero() && r.over < least_over)
      least_over = r.over, smallest = t;
    // As kernels::fused_tiling: the deepest ring with the residency it was compiled for, else the
    // shallowest that fits at all.
    if (r.ctas > 0 && (best.residency.ctas == 0 || r.ctas >= t.min_ctas))
      best = {t, cta, r, static_cast<double>(r.ctas * t.bytes_in_flight())};
  }
  if (!known)
    throw ConfigError(
        Where{}, "model.head_dim",
        fmt::format("the fused kernel is compiled for head sizes 64, 128 and 256, not {}",
                    head_dim));
  if (best.residency.ctas > 0) return best;
  if (least_over == Bytes::max())
    throw ConfigError(Where{}, "attention.kernel",
                      "the fused kernel's registers or warps do not fit an SM");
  // One stage of one step per warp is the least a ring can be.
  kernels::Tiling one = smallest;
  one.stages = 1;
  const auto room = sm.shared_memory_per_cta.count();
  std::string hint = "no ring of 16-token steps would";
  if (one.smem_bytes() <= room)
    hint = fmt::format("a one-stage ring of 16-token KV or anchor steps ({} B) would fit",
                       one.smem_bytes());
  throw ConfigError(
      Where{}, "attention.kernel",
      fmt::format(
          "fused kernel, head size {}: the KV and anchor tile of {} stages x 4 warps x {} "
          "tokens needs {} B of shared memory, {} B more than the {} B that one CTA may use; {}",
          head_dim, smallest.stages, kernels::kTokensPerStep, smallest.smem_bytes(),
          least_over.count(), room, hint));
}

OwnKernel own_kernel(const hardware::SmParams& sm, std::int64_t head_dim,
                     const std::string& architecture) {
  constexpr std::int64_t kMostRegisters = 255;  // of a thread, where nothing was recorded
  const int dim = static_cast<int>(head_dim);
  const kernels::Tiling t = kernels::fused_tiling(dim, static_cast<int>(sm.shared_memory.count()));
  const kernels::KernelResources* r = kernels::find_resources(
      kernels::Kernel::fused, dim, t.stages, kernels::DType::f16, compute_capability(architecture));
  return own_kernel(sm, head_dim, r == nullptr ? kMostRegisters : r->registers);
}

AttentionPlan plan_own(const AttentionCall& call, std::int64_t anchors, const OwnKernel& kernel,
                       const hardware::tile::GpuShape& gpu) {
  AttentionCall with_anchors = call;
  with_anchors.context = call.context + anchors;
  AttentionPlan p = common_plan(with_anchors);
  constexpr std::int64_t kCtaTokens =
      kernels::kTokensPerStep * kernels::kWarps;  // one step of every warp
  p.tile_rows = kernels::kRowsPerTile;
  p.tile_columns = kCtaTokens;
  p.row_tiles = ceil_div(call.query_tokens * call.group(), kernels::kRowsPerTile);
  const std::int64_t steps =
      ceil_div(call.context, kernels::kTokensPerStep) + ceil_div(anchors, kernels::kTokensPerStep);
  p.kv_tiles = ceil_div(steps, kernels::kWarps);
  p.resident = kernel.residency.ctas;
  // Equal items over all resident CTAs, never below the minimum chunk, partial results limited.
  const std::int64_t tiles = call.batch * call.kv_heads * p.row_tiles;
  const auto slots = static_cast<std::int64_t>(gpu.sms) * p.resident;
  const std::int64_t most = std::max<std::int64_t>(steps / kernels::kMinChunkSteps, 1);
  p.splits = std::clamp<std::int64_t>(slots / std::max<std::int64_t>(tiles, 1), 1,
                                      std::min<std::int64_t>(most, kernels::kMaxSlots));
  append_row_tiles(with_anchors, call.group(), p, false);
  p.split_mode = false;  // the last CTA of a tile combines in the same launch
  p.grid.groups = {call.kv_heads};
  p.grid.repeats = call.batch;
  return p;
}

}  // namespace fieldsim::attention::tile
