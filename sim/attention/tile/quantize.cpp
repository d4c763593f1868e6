// One CTA of 256 threads per row, eight of them resident on an SM (vLLM csrc/quantization/w8a8/fp8:
// static_scaled_fp8_quant and dynamic_per_token_scaled_fp8_quant; grid = rows, block = min(columns,
// 256)).
#include <algorithm>

#include "sim/attention/tile/elementwise.hpp"

#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::GpuShape;
using hardware::tile::QuantizeParams;

constexpr std::int64_t kResidentCtas = 8;
constexpr double kStepElements = 1024;  // 256 threads, one 8-byte vector of four elements each
constexpr double kReadBytes = 2, kWriteBytes = 1;
constexpr double kOverlap = 3;

// `elements` a row; `footprint` decides whether the bytes come from L2.
hardware::tile::Launch launch_of(std::int64_t rows, double elements, double footprint, double bytes,
                                 bool cold, const GpuShape& gpu, const QuantizeParams& p) {
  hardware::tile::Launch l;
  l.grid.runs = {{elements / kStepElements, rows}};
  l.cost.prologue = p.row_us;
  l.cost.step = p.element_ns * 1e-3 * kStepElements;
  l.slots = {static_cast<std::int64_t>(gpu.sms), kResidentCtas, p.alone};
  l.bytes = bytes;
  l.level = hardware::tile::memory_level(gpu, footprint, p.dram_share, cold);
  l.overlap = kOverlap;
  l.desync_waves = 0;
  return l;
}

hardware::tile::Launch launch_of(const QuantizeCall& call, const GpuShape& gpu,
                                 const QuantizeParams& p, double bytes_per_element) {
  if (call.rows < 1 || call.columns < 1)
    throw ConfigError(Where{}, "quantize", "rows and columns must be at least 1");
  const double elements = static_cast<double>(call.rows) * static_cast<double>(call.columns);
  return launch_of(call.rows, static_cast<double>(call.columns),
                   elements * (kReadBytes + kWriteBytes), elements * bytes_per_element, call.cold,
                   gpu, p);
}

QuantizeTime time_of(const hardware::tile::Launch& launch, double floor) {
  const hardware::tile::KernelTime k = hardware::tile::kernel_time(launch);
  return {floor + k.total, floor, k.sm, k.memory};
}

}  // namespace

QuantizeTime quantize_time(const QuantizeCall& call, const GpuShape& gpu, const QuantizeParams& p) {
  return time_of(launch_of(call, gpu, p, kReadBytes + kWriteBytes), p.launch_us);
}

QuantizeTime elementwise_time(const ElementwiseCall& call, const GpuShape& gpu,
                              const QuantizeParams& p) {
  if (call.rows < 1) throw ConfigError(Where{}, "elementwise", "rows must be at least 1");
  // The measured pass moves three bytes for an element.
  const double elements = call.bytes / (kReadBytes + kWriteBytes) / static_cast<double>(call.rows);
  return time_of(launch_of(call.rows, elements, call.bytes, call.bytes, call.cold, gpu, p),
                 p.launch_us);
}

QuantizeTime dynamic_quantize_time(const QuantizeCall& call, const GpuShape& gpu,
                                   const QuantizeParams& p) {
  // The second pass over a row hits L2 unless the rows in flight together are larger than it.
  const double in_flight = std::min(static_cast<double>(call.rows), gpu.sms * kResidentCtas) *
                           static_cast<double>(call.columns) * kReadBytes;
  const double again = in_flight < hardware::tile::kL2Share * gpu.l2_bytes ? 0 : kReadBytes;
  return time_of(launch_of(call, gpu, p, kReadBytes + kWriteBytes + again), p.launch_us);
}

}  // namespace fieldsim::attention::tile
