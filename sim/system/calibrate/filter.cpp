#include <fmt/format.h>

#include "sim/system/calibrate/validate.hpp"

namespace fieldsim::calibrate {
namespace {

constexpr double kResolution = 1.02;  // clocks and timers: a row may read 2 % above the peak

}  // namespace

Filtered physics_filter(const std::vector<Row>& rows, const hardware::GpuParams& gpu) {
  const auto shape = hardware::tile::shape_of(gpu);
  Filtered out;
  for (const Row& row : rows) {
    std::string why;
    if (row.measured_us > 0) {
      const double bandwidth = row.bytes() / row.measured_us;
      const double rate = row.flops() / row.measured_us;
      // A difference of two kernels (scale) moves no bytes of its own.
      const bool streams = row.op != Operation::scale && row.bytes() > shape.l2_bytes;
      // 8-bit attention may use the doubled 8-bit rate.
      const double peak = shape.matrix * (row.precision() == "fp8" ? 2 : 1);
      // Buffers of replayed products stay partly in L2: what exceeds it must have come from DRAM.
      const double from_dram = row.bytes() - shape.l2_bytes;
      if (streams && from_dram / row.measured_us > shape.dram * kResolution)
        why = fmt::format("{:.3g} TB/s of {:.3g} TB/s", bandwidth * 1e-6, shape.dram * 1e-6);
      else if (rate > peak * kResolution)
        why = fmt::format("{:.4g} TFLOP/s of {:.4g} TFLOP/s", rate * 1e-6, peak * 1e-6);
    }
    if (why.empty()) {
      out.rows.push_back(row);
      continue;
    }
    ++out.rejected;
    constexpr std::size_t kNamed = 16;
    if (out.reasons.size() < kNamed)
      out.reasons.push_back(fmt::format("{}:{}: {}", row.file, row.line, why));
  }
  return out;
}

}  // namespace fieldsim::calibrate
