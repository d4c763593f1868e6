#include "sim/hardware/gpu/tile/residency.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::tile {
namespace {

constexpr std::int64_t kThreadsPerWarp = 32;
constexpr std::int64_t kRegistersPerGrant = 256;  // registers are granted to a warp in this unit
constexpr std::int64_t kBytesPerGrant = 128;      // and shared memory to a CTA in this one
constexpr std::int64_t kReservedBytes = 1024;     // per CTA, by the driver, since sm_80

std::int64_t round_up(std::int64_t v, std::int64_t unit) { return (v + unit - 1) / unit * unit; }

}  // namespace

const char* name(Limit limit) {
  switch (limit) {
    case Limit::shared_memory:
      return "shared memory";
    case Limit::registers:
      return "registers";
    case Limit::warps:
      return "warps";
    case Limit::slots:
      return "CTA slots";
  }
  return "unknown";
}

Residency residency(const SmParams& sm, const CtaResources& cta) {
  SIM_CHECK(cta.threads > 0, "a CTA has threads");
  Residency r;
  if (cta.shared_memory > sm.shared_memory_per_cta) {
    r.limit = Limit::shared_memory;
    r.over = cta.shared_memory - sm.shared_memory_per_cta;
    return r;
  }
  const std::int64_t warps = (cta.threads + kThreadsPerWarp - 1) / kThreadsPerWarp;
  const std::int64_t registers =
      warps *
      round_up(std::max<std::int64_t>(cta.registers, 1) * kThreadsPerWarp, kRegistersPerGrant);
  const std::int64_t bytes = round_up(cta.shared_memory.count() + kReservedBytes, kBytesPerGrant);
  r.ctas = sm.ctas;
  const auto bound = [&r](std::int64_t ctas, Limit limit) {
    if (ctas < r.ctas) r.ctas = ctas, r.limit = limit;
  };
  bound(sm.warps / warps, Limit::warps);
  bound(sm.registers / registers, Limit::registers);
  bound(sm.shared_memory.count() / bytes, Limit::shared_memory);
  return r;
}

}  // namespace fieldsim::hardware::tile
