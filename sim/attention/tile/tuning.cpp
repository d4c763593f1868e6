#include "sim/attention/tile/tuning.hpp"

#include <algorithm>
#include <iterator>

#include "sim/attention/tile/rows.hpp"
#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::AttentionParams;
using hardware::tile::CtaResources;
using hardware::tile::Family;
using hardware::tile::GpuShape;
using hardware::tile::TileParams;

constexpr std::int64_t kElement = 2;  // bytes of K, V and Q
constexpr std::int64_t kWarp = 32, kWarpgroup = 128;
constexpr double kReference = 128;  // tile times are per this many KV rows and head elements

// The part as a kernel of these instructions sees it.
struct View {
  GpuShape shape;
  TileParams params;
  AttentionParams phase;
};

View view(const Target& target, Instructions instructions, bool decode) {
  View v{target.shape, target.params, {}};
  if (instructions == Instructions::mma_sync && target.shape.family != Family::ampere) {
    // The fit of sm_80's kernels, carried over by clock and by the rate that mma.sync reaches here.
    v.shape.family = Family::ampere;
    v.shape.matrix *= target.shape.mma_sync;
    v.params = default_params(v.shape);
  }
  const AttentionParams& part = decode ? target.params.decode : target.params.prefill;
  v.phase = decode ? v.params.decode : v.params.prefill;
  // Launches and memory belong to the part, whoever wrote the kernel.
  v.phase.launch_us = part.launch_us;
  v.phase.cold_us = part.cold_us;
  v.phase.dram_share = part.dram_share;
  return v;
}

CtaResources cta_of(const Tuning& t, Family family, std::int64_t head_dim) {
  CtaResources cta;
  constexpr std::int64_t kRegisterFile = 65536, kMost = 255, kGrant = 8, kWarps = 4;
  if (family == Family::ampere) {  // a warp for each 16 rows, at least four; all registers
    cta.threads = kWarp * std::max(kWarps, t.rows / 16);
    cta.registers = kMost;
  } else {  // a warpgroup for each 64 rows, and one that loads
    cta.threads = kWarpgroup * (1 + t.rows / 64);
    cta.registers = std::min(kMost, kRegisterFile / cta.threads / kGrant * kGrant);
  }
  cta.shared_memory = Bytes::raw((t.rows + 2 * t.stages * t.columns) * head_dim * kElement);
  return cta;
}

AttentionPlan plan_of(const AttentionCall& call, const Tuning& t, Family family) {
  AttentionPlan p = common_plan(call);
  // FlashAttention 2 packs the group's heads into rows in decode only, later ones always.
  const bool packs = call.query_tokens == 1 || family != Family::ampere;
  const std::int64_t packed = packs ? call.group() : 1;
  p.tile_rows = t.rows;
  p.tile_columns = t.columns;
  p.row_tiles = ceil_div(call.query_tokens * packed, t.rows);
  p.kv_tiles = ceil_div(kv_span(call), t.columns);
  p.splits = t.splits;
  p.split_mode = t.splits > 1;
  append_row_tiles(call, packed, p, /*longest_first=*/family != Family::ampere);
  const std::int64_t heads = packs ? call.kv_heads : call.query_heads;
  p.grid.groups =
      family == Family::ampere ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{heads};
  p.grid.repeats = call.batch * (family == Family::ampere ? heads : 1);
  return p;
}

// What one iteration asks of an SM: products, exponentials, shared memory, and rescaling of the
// accumulator, one after the other, us.
double work(const AttentionCall& call, const Tuning& t, const View& v) {
  const AttentionPlan p = plan_of(call, t, v.shape.family);
  const Demand d = demand(p, call, 0, v.shape);
  const double sm = v.shape.sms / p.grid.steps();
  const double rescale =
      static_cast<double>(t.rows * call.head_dim) / (v.shape.fp32_lanes * v.shape.clock);
  return (d.matrix + d.softmax + d.shared_memory) * sm + rescale;
}

// The tile whose time was fitted, and that time.
struct Fitted {
  Tuning tile;
  double us = 0;
};
Fitted fitted(const Tuning& t, const View& v) {
  Fitted f{t, v.phase.tile_us};
  f.tile.columns = 128;
  f.tile.rows = 64;
  if (v.shape.family == Family::ampere || t.rows <= 64) return f;
  f.tile.rows = v.shape.family == Family::hopper ? 128 : 256;
  f.us = v.phase.tile_wide_us;
  return f;
}

double step_us(const AttentionCall& call, const Tuning& t, const View& v) {
  // K arrives, V arrives: two barriers, at the fixed cost fitted for a k step of products.
  const double depth = v.shape.family == Family::ampere ? 0.5 : 1.0;  // of the 64 it is quoted for
  const double barriers = 2 * depth * v.params.gemm.step_us;
  const Fitted f = fitted(t, v);
  const double us = f.us * static_cast<double>(call.head_dim) / kReference;
  const double fixed = std::min(barriers, us);
  return fixed + (us - fixed) * work(call, t, v) / work(call, f.tile, v);
}

}  // namespace

const char* name(Instructions instructions) {
  return instructions == Instructions::mma_sync ? "mma.sync" : "newest";
}

TunedTime predict(const AttentionCall& call, const Tuning& t, const Target& target) {
  SIM_CHECK(!call.fp8, "tilings by hand are of 16-bit kernels");
  const View v = view(target, t.instructions, call.query_tokens == 1);
  const Family family = v.shape.family;
  const CtaResources cta = cta_of(t, family, call.head_dim);
  const auto residency = hardware::tile::residency(target.shape.sm, cta);
  TunedTime out;
  out.shared_memory = cta.shared_memory;
  out.over = residency.over;
  out.resident = residency.ctas;
  out.fits = residency.ctas > 0;
  if (!out.fits) return out;

  AttentionPlan p = plan_of(call, t, family);
  p.resident = residency.ctas;
  out.ctas = p.grid.ctas();
  AttentionParams params = v.phase;
  // The engine takes times of the fitted tile's size.
  const double tile = step_us(call, t, v) * kReference / static_cast<double>(t.columns) *
                      kReference / static_cast<double>(call.head_dim);
  params.tile_us = params.tile_wide_us = tile;
  // A prologue is latency, fitted with two residents on sm_80 and one later; residents share it.
  const double residents = family == Family::ampere ? 2 : 1;
  params.prologue_us =
      (p.wide() && family != Family::ampere ? params.prologue_wide_us : params.prologue_us) *
      residents / static_cast<double>(p.resident);
  params.prologue_wide_us = params.prologue_us;
  // Little's law: half a pair is being used, the rest is on its way.
  const double in_flight =
      static_cast<double>((2 * t.stages - 1) * t.columns * call.head_dim * kElement);
  const auto running = static_cast<double>(
      std::min<std::int64_t>(out.ctas, static_cast<std::int64_t>(v.shape.sms) * p.resident));
  params.dram_share =
      std::min(params.dram_share, running * in_flight / v.shape.latency / v.shape.dram);
  out.time = attention_time(p, call, v.shape, params);
  return out;
}

std::vector<Tuning> tunings(const AttentionCall& call, const Target& target,
                            Instructions instructions) {
  const bool old = instructions == Instructions::mma_sync || target.shape.family == Family::ampere;
  // Accumulators: registers of two consumer warpgroups on sm_90, tensor memory on sm_100.
  constexpr std::int64_t kTensorMemory = 256 * 1024, kFp32 = 4;
  std::vector<std::int64_t> rows = {64, 128};
  if (old) rows.insert(rows.begin(), 16);
  if (!old && target.shape.family == Family::blackwell) rows.push_back(256);
  // In decode no tile is larger than the smallest one that holds the group's rows.
  if (call.query_tokens == 1) {
    const auto holds = std::ranges::lower_bound(rows, call.group());
    if (holds != rows.end()) rows.erase(std::next(holds), rows.end());
  }
  const std::vector<std::int64_t> columns = {32, 64, 96, 128, 176};
  constexpr std::int64_t kLeastPiece = 256;  // tokens: below it a split costs more than it wins
  const std::int64_t most =
      call.query_tokens == 1 ? std::max<std::int64_t>(1, kv_span(call) / kLeastPiece) : 1;
  std::vector<Tuning> all;
  for (const std::int64_t r : rows)
    for (const std::int64_t c : columns) {
      if (!old && r * (call.head_dim + c) * kFp32 > kTensorMemory) continue;
      for (std::int64_t stages = 1; stages <= 3; ++stages)
        for (std::int64_t s = 1; s <= most; s = std::max(s + 1, s * 9 / 8))
          all.push_back({instructions, r, c, stages, s});
    }
  return all;
}

std::vector<Tuning> best(const AttentionCall& call, const Target& target,
                         const std::vector<Tuning>& candidates) {
  constexpr double kTie = 1.005;
  std::vector<std::pair<double, Tuning>> found;
  for (const Tuning& t : candidates)
    if (const TunedTime time = predict(call, t, target); time.fits)
      found.emplace_back(time.time.total(), t);
  SIM_CHECK(!found.empty(), "no tiling of the space fits this part");
  std::ranges::stable_sort(found, {}, &std::pair<double, Tuning>::first);
  std::vector<Tuning> ties;
  for (const auto& [us, t] : found)
    if (us <= kTie * found.front().first) ties.push_back(t);
  return ties;
}

}  // namespace fieldsim::attention::tile
