#include "sim/attention/tile/demand.hpp"

#include <cmath>

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::Family;
using hardware::tile::GpuShape;

// CUDA C++ Programming Guide, arithmetic throughput, compute capability 8.0 to 9.0: results of
// special functions a clock and SM; shared memory: 32 banks of 4 bytes.
constexpr double kExponentials = 16;
constexpr double kSharedBytes = 128;

// Rows that one matrix instruction takes: every such group reads the tile from shared memory again.
// mma.sync m16n8k16 on Ampere; wgmma and later read it once for 64 rows (PTX ISA).
double instruction_rows(Family family) { return family == Family::ampere ? 16 : 64; }

}  // namespace

Demand demand(const AttentionPlan& plan, const AttentionCall& call, double dram_bytes,
              const GpuShape& gpu) {
  const auto rows = static_cast<double>(plan.tile_rows);
  const auto columns = static_cast<double>(plan.tile_columns);
  const auto dim = static_cast<double>(call.head_dim);
  const double element = call.fp8 ? 1 : 2;
  const double tiles = plan.grid.steps();  // of all CTAs
  const double tile_bytes = 2 * columns * dim * element;
  const double reads = std::ceil(rows / instruction_rows(gpu.family));
  Demand d;
  d.dram = dram_bytes / gpu.dram;
  d.l2 = (plan.query_bytes + plan.output_bytes + tiles * tile_bytes) / gpu.l2_rate;
  d.matrix = tiles * 4 * rows * columns * dim / (gpu.matrix * (call.fp8 ? 2 : 1));
  d.softmax = tiles * rows * columns / (kExponentials * gpu.sms * gpu.clock);
  d.shared_memory = tiles * tile_bytes * (1 + reads) / (kSharedBytes * gpu.sms * gpu.clock);
  return d;
}

Demand demand(const GemmCall& call, const GemmChoice& choice, const GpuShape& gpu) {
  constexpr double kElement = 2;
  const auto m = static_cast<double>(call.m), n = static_cast<double>(call.n),
             k = static_cast<double>(call.k), groups = static_cast<double>(call.groups);
  const auto tm = static_cast<double>(choice.tile_m), tn = static_cast<double>(choice.tile_n);
  const double tiles = std::ceil(m / tm) * std::ceil(n / tn) * groups;
  const double staged = tiles * (tm + tn) * k * kElement;  // operands of every tile
  const double output = call.output_element * m * n * groups;
  Demand d;
  d.dram = (kElement * (m + n) * k * groups + output) / gpu.dram;
  d.l2 = (kElement * tiles * (std::fmin(tm, m) + std::fmin(tn, n)) * k + output) / gpu.l2_rate;
  d.matrix = tiles * 2 * tm * tn * k / gpu.matrix;
  d.shared_memory = 2 * staged / (kSharedBytes * gpu.sms * gpu.clock);
  return d;
}

Demand demand(double bytes, const GpuShape& gpu) {
  Demand d;
  d.l2 = bytes / gpu.l2_rate;
  return d;
}

}  // namespace fieldsim::attention::tile
