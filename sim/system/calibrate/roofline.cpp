#include <algorithm>
#include <cmath>

#include "sim/system/calibrate/validate.hpp"

namespace fieldsim::calibrate {
namespace {

struct Work {
  double us;  // at datasheet rates
  double measured;
};

double cost(const std::vector<Work>& rows, double latency, double share) {
  constexpr double kScale = 0.05;
  double sum = 0;
  for (const Work& w : rows) {
    const double r = std::log((latency + w.us / share) / w.measured) / kScale;
    sum += std::sqrt(1 + r * r) - 1;
  }
  return sum;
}

double datasheet_us(const Row& row, const hardware::GpuParams& gpu) {
  const auto rate = [](auto q) { return static_cast<double>(q.count()) * 1e-6; };
  return std::max(row.bytes() / rate(gpu.hbm.bandwidth), row.flops() / rate(gpu.compute.fp16));
}

}  // namespace

double Roofline::predict(const Row& row, const hardware::GpuParams& gpu) const {
  return latency_us + datasheet_us(row, gpu) / share;
}

Roofline fit_roofline(const std::vector<const Row*>& rows, const hardware::GpuParams& gpu) {
  std::vector<Work> work;
  for (const Row* r : rows)
    if (r->measured_us > 0) work.push_back({datasheet_us(*r, gpu), r->measured_us});
  // Two parameters: a coarse logarithmic grid, then pattern search.
  Roofline best{1, 1};
  double least = cost(work, best.latency_us, best.share);
  for (double latency = 0.5; latency < 100; latency *= 1.2)
    for (double share = 0.05; share < 1.3; share *= 1.1) {
      const double c = cost(work, latency, share);
      if (c < least) least = c, best = {latency, share};
    }
  for (double step = 0.1; step > 1e-4;) {
    const Roofline from = best;
    for (const double dl : {-step, 0.0, step})
      for (const double ds : {-step, 0.0, step}) {
        const Roofline to{from.latency_us * std::exp(dl), from.share * std::exp(ds)};
        const double c = cost(work, to.latency_us, to.share);
        if (c < least) least = c, best = to;
      }
    if (best.latency_us == from.latency_us && best.share == from.share) step /= 2;
  }
  return best;
}

}  // namespace fieldsim::calibrate
