#include "sim/system/calibrate/predict.hpp"

#include <algorithm>

namespace fieldsim::calibrate {
namespace {

using hardware::tile::GpuShape;
using hardware::tile::TileParams;

// The library is the table's where it names one, else that of the GPU's generation.
attention::tile::Library library(const Row& row, const GpuShape& gpu) {
  using attention::tile::Library;
  if (row.kernel.find("fa3") != std::string::npos) return Library::flash3;
  if (row.kernel.find("flashinfer") != std::string::npos ||
      row.kernel.find("trtllm") != std::string::npos)
    return Library::trtllm;
  if (row.kernel.find("fa2") != std::string::npos) return Library::flash2;
  return attention::tile::library_of(gpu.family);
}

// `fixed`: launches and other costs that no byte and no FLOP moves.
Regime regime_of(double total, double fixed, double memory, double compute) {
  if (fixed > 0.5 * total) return Regime::launch_bound;
  if (memory > 0.8 * (total - fixed) && memory > 1.5 * compute) return Regime::bandwidth_bound;
  if (compute > 0.8 * (total - fixed) && compute > 1.5 * memory) return Regime::compute_bound;
  return Regime::transition;
}

}  // namespace

const char* name(Regime regime) {
  switch (regime) {
    case Regime::launch_bound:
      return "launch-bound";
    case Regime::transition:
      return "transition";
    case Regime::bandwidth_bound:
      return "bandwidth-bound";
    case Regime::compute_bound:
      return "compute-bound";
  }
  return "unknown";
}

PreparedRow prepare(Row row, const GpuShape& gpu) {
  PreparedRow p;
  p.row = std::move(row);
  if (p.row.op == Operation::decode || p.row.op == Operation::prefill)
    p.plan = attention::tile::plan(p.row.attention, gpu, library(p.row, gpu));
  return p;
}

std::vector<PreparedRow> prepare(const std::vector<Row>& rows, const GpuShape& gpu) {
  std::vector<PreparedRow> out;
  out.reserve(rows.size());
  for (const Row& r : rows) out.push_back(prepare(r, gpu));
  return out;
}

Prediction predict(const PreparedRow& p, const GpuShape& gpu, const TileParams& params) {
  const Row& row = p.row;
  if (row.op == Operation::gemm) {
    const auto g = attention::tile::gemm_time(row.gemm, gpu, params.gemm);
    return {g.total, regime_of(g.total, g.launch + g.split, g.memory, g.pipe + g.ends)};
  }
  if (row.op == Operation::quantize || row.op == Operation::scale) {
    const auto fixed = attention::tile::quantize_time(row.quantize, gpu, params.quantize);
    if (row.op == Operation::quantize)
      return {fixed.total, regime_of(fixed.total, fixed.launch, fixed.memory, fixed.sm)};
    // The table holds the difference of two kernels; it is never less than its resolution.
    constexpr double kLeastDifference = 0.4;
    const auto scaled = attention::tile::dynamic_quantize_time(row.quantize, gpu, params.scale);
    return {std::max(scaled.total - fixed.total, kLeastDifference),
            regime_of(scaled.total, scaled.launch, scaled.memory, scaled.sm)};
  }
  const auto& a = row.op == Operation::decode ? params.decode : params.prefill;
  const auto b = attention::tile::attention_time(p.plan, row.attention, gpu, a);
  const auto l = attention::tile::attention_launch(p.plan, row.attention, gpu, a);
  const double sm = b.tiles + b.prologue + b.tail;
  return {b.total(),
          regime_of(b.total(), b.launch + b.scheduling + b.combine, l.bytes / l.level.rate, sm)};
}

Prediction predict(const Row& row, const hardware::GpuParams& gpu, const TileParams& params) {
  const GpuShape shape = hardware::tile::shape_of(gpu);
  return predict(prepare(row, shape), shape, params);
}

double analytic_us(const Row& row, const hardware::GpuParams& gpu) {
  const double launch = seconds(gpu.launch.graph) * 1e6;
  const double rate = gpu.hbm.achieved * static_cast<double>(gpu.hbm.bandwidth.count()) * 1e-6;
  const double flops = gpu.compute.achieved * static_cast<double>(gpu.compute.fp16.count()) * 1e-6;
  return launch + std::max(row.bytes() / rate, row.flops() / flops);
}

}  // namespace fieldsim::calibrate
