#include "sim/hardware/gpu/tile/shape.hpp"

#include <cmath>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::tile {

Family family_of(const std::string& architecture) {
  if (architecture == "sm_80" || architecture == "sm_86" || architecture == "sm_89")
    return Family::ampere;
  if (architecture == "sm_90" || architecture == "sm_90a") return Family::hopper;
  if (architecture.starts_with("sm_10") || architecture.starts_with("sm_12"))
    return Family::blackwell;
  throw ConfigError(Where{}, "gpu.architecture",
                    "no tile-level kernels are described for '" + architecture +
                        "'; known: sm_80, sm_86, sm_89, sm_90, sm_100");
}

const char* name(Family family) {
  switch (family) {
    case Family::ampere:
      return "ampere";
    case Family::hopper:
      return "hopper";
    case Family::blackwell:
      return "blackwell";
  }
  return "unknown";
}

GpuShape shape_of(const GpuParams& gpu) {
  constexpr double kPerMicrosecond = 1e-6;
  const auto real = [](auto q) { return static_cast<double>(q.count()); };
  GpuShape s;
  s.family = family_of(gpu.architecture);
  s.sms = static_cast<double>(gpu.sm.count);
  s.clock = real(gpu.sm.clock) * kPerMicrosecond;
  s.dram = real(gpu.hbm.bandwidth) * kPerMicrosecond;
  constexpr double kPsPerMicrosecond = 1e6;
  s.latency = real(gpu.hbm.latency) / kPsPerMicrosecond;
  s.l2_bytes = real(gpu.l2.capacity);
  s.l2_rate = real(gpu.l2.bandwidth) * kPerMicrosecond;
  s.matrix = real(gpu.compute.fp16) * kPerMicrosecond;
  s.mma_sync = gpu.compute.mma_sync.value_or(1.0);
  s.fp32_lanes = static_cast<double>(gpu.sm.fp32_lanes);
  s.sm = gpu.sm;
  SIM_CHECK(s.sms >= 1 && s.clock > 0 && s.dram > 0 && s.l2_rate > 0 && s.matrix > 0,
            "a GPU without SMs, clock or rates has no kernel time");
  return s;
}

Duration duration_of(double us) {
  constexpr double kPsPerUs = 1e6;
  SIM_CHECK(std::isfinite(us) && us >= 0, "a kernel time must be finite and not negative");
  return Duration::raw(static_cast<std::int64_t>(std::ceil(us * kPsPerUs)));
}

}  // namespace fieldsim::hardware::tile
