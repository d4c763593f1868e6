#include "sim/attention/tile/attention.hpp"

#include <algorithm>

#include "sim/attention/tile/rows.hpp"

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::AttentionParams;
using hardware::tile::GpuShape;
using hardware::tile::MemoryLevel;

constexpr double kReferenceColumns = 128;  // tile times are per this many KV rows ...
constexpr double kReferenceDim = 128;      // ... and head size
constexpr double kCopyPasses = 6;  // Q and O copies of FlashAttention 2: reads and writes counted
// Partial outputs of split KV are written by one kernel and read by the next.
constexpr double kPartialPasses = 2 * 1.2;
// Power: the controller reacts over many replays of one kernel (milliseconds to tens of them).
constexpr double kDroopFrom = 1500, kDroopTo = 15000;

hardware::tile::CtaCost cta_cost(const AttentionPlan& plan, const AttentionCall& call,
                                 const AttentionParams& p) {
  hardware::tile::CtaCost cost;
  cost.prologue = plan.wide() ? p.prologue_wide_us : p.prologue_us;
  const double tile = plan.wide() ? (call.fp8 ? p.tile_wide_fp8_us : p.tile_wide_us)
                                  : (call.fp8 ? p.tile_fp8_us : p.tile_us);
  cost.step = tile * static_cast<double>(plan.tile_columns) / kReferenceColumns *
              static_cast<double>(call.head_dim) / kReferenceDim;
  constexpr double kEmptyCta = 0.5;  // an empty split reads its metadata and returns
  cost.skipped = kEmptyCta;
  return cost;
}

double kv_write_time(const AttentionPlan& plan, const AttentionCall& call, const GpuShape& gpu,
                     const AttentionParams& p, const MemoryLevel& level) {
  // One CTA per token: SM time of its warps (address arithmetic, two dependent round trips), then
  // bytes.
  double per_token = plan.write_warps * p.write_warp_us;
  if (call.fp8)
    per_token += plan.write_warps * p.write_warp_fp8_us + plan.write_heads * p.write_head_fp8_us;
  return static_cast<double>(call.tokens()) * per_token / gpu.sms +
         (plan.new_kv_bytes + plan.written_bytes) / level.rate;
}

// Q K^T and P V over the tokens that the causal mask leaves visible.
double visible_flops(const AttentionCall& call) {
  const auto q = static_cast<double>(call.query_tokens);
  const double seen = static_cast<double>(kv_span(call)) - (call.causal ? (q - 1) / 2 : 0);
  return 4 * static_cast<double>(call.batch) * q * std::max(seen, 0.0) *
         static_cast<double>(call.query_heads) * static_cast<double>(call.head_dim);
}

}  // namespace

hardware::tile::Launch attention_launch(const AttentionPlan& plan, const AttentionCall& call,
                                        const GpuShape& gpu, const AttentionParams& p) {
  hardware::tile::Launch launch;
  launch.grid = plan.grid;
  launch.cost = cta_cost(plan, call, p);
  launch.slots = {static_cast<std::int64_t>(gpu.sms), plan.resident, p.alone};
  launch.bytes = plan.query_bytes + plan.output_bytes + plan.kv_bytes;
  launch.level = hardware::tile::memory_level(gpu, plan.footprint(), p.dram_share, call.cold);
  return launch;
}

Breakdown attention_time(const AttentionPlan& plan, const AttentionCall& call, const GpuShape& gpu,
                         const AttentionParams& p) {
  const hardware::tile::Launch launch = attention_launch(plan, call, gpu, p);
  const hardware::tile::KernelTime k = hardware::tile::kernel_time(launch);
  const double slow =
      hardware::tile::droop_factor(k.sm, call.fp8 ? 0 : p.droop, kDroopFrom, kDroopTo);
  const auto batch = static_cast<double>(call.batch);

  Breakdown b;
  b.launch = p.launch_us + (launch.level.resident ? 0 : p.cold_us) + (call.fp8 ? p.fp8_us : 0) +
             (plan.grouped ? p.group_us : 0);
  b.kv_write = kv_write_time(plan, call, gpu, p, launch.level);
  // Whatever was fitted, no kernel beats the matrix rate (8-bit operands run at twice the 16-bit
  // one).
  const double peak = gpu.matrix * (call.fp8 ? 2 : 1);
  const double total = std::max(k.total + k.sm * (slow - 1), visible_flops(call) / peak);
  b.prologue = k.exposed;
  b.tail = std::min(k.tail, total - b.prologue);
  b.tiles = std::max(0.0, std::min(k.sm * slow - k.exposed, total - b.prologue) - b.tail);
  b.memory = std::max(0.0, total - b.prologue - b.tail - b.tiles);
  if (plan.split_ctas > 1)
    b.combine =
        p.combine_us + p.combine_split_us * static_cast<double>(plan.split_ctas) +
        kPartialPasses * plan.partial_bytes * static_cast<double>(plan.splits) / gpu.l2_rate;
  b.scheduling = batch * p.request_us;
  if (plan.scans_requests && plan.split_mode) b.scheduling += batch * p.split_request_us;
  if (plan.copies)
    b.copies = p.copy_us + kCopyPasses * plan.output_bytes / (p.dram_share * gpu.dram);
  return b;
}

}  // namespace fieldsim::attention::tile
