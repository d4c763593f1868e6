#include "sim/hardware/gpu/tile/engine.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::tile {

MemoryLevel memory_level(const GpuShape& gpu, double footprint_bytes, double dram_share,
                         bool cold) {
  if (!cold && footprint_bytes < kL2Share * gpu.l2_bytes)
    return {std::max(gpu.l2_rate, dram_share * gpu.dram), true};
  return {dram_share * gpu.dram, false};
}

double overlapped(double a, double b, double p) {
  const double most = std::max(a, b);
  if (most <= 0) return 0;
  const double ratio = std::min(a, b) / most;
  if (p == 3) return most * std::cbrt(1 + ratio * ratio * ratio);
  if (p == 4) return most * std::sqrt(std::sqrt(1 + ratio * ratio * ratio * ratio));
  return most * std::pow(1 + std::pow(ratio, p), 1 / p);
}

KernelTime kernel_time(const Launch& launch) {
  SIM_CHECK(launch.level.rate > 0, "a memory level has a rate");
  KernelTime t;
  t.sm = makespan(launch.grid, launch.cost, launch.slots);
  t.memory = launch.bytes / launch.level.rate;
  const double slots = static_cast<double>(launch.slots.sms * launch.slots.ctas);
  const double waves = static_cast<double>(launch.grid.ctas()) / slots;
  const double in_step =
      launch.desync_waves > 0
          ? launch.desync_waves / (launch.desync_waves + std::max(waves - 1, 0.0))
          : 0.0;
  t.exposed = std::min(t.sm, in_step * std::ceil(waves) * launch.cost.prologue);
  t.total = t.exposed + overlapped(t.sm - t.exposed, t.memory, launch.overlap);
  const double busy = (launch.grid.steps() * launch.cost.step +
                       static_cast<double>(launch.grid.ctas()) * launch.cost.prologue) /
                      static_cast<double>(launch.slots.sms);
  t.tail = std::max(0.0, t.sm - busy);
  return t;
}

double droop_factor(double us, double droop, double from, double to) {
  if (us <= from || droop <= 0) return 1;
  return 1 + droop * std::min(std::log(us / from) / std::log(to / from), 1.0);
}

}  // namespace fieldsim::hardware::tile
