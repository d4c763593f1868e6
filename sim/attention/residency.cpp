#include "sim/attention/residency.hpp"

#include <algorithm>
#include <charconv>

#include "kernels/resources.hpp"

namespace fieldsim::attention {

namespace {

constexpr std::int64_t kAssumedCtasPerSm = 2;

}  // namespace

int compute_capability(const std::string& architecture) {
  const std::string prefix = "sm_";
  int arch = 0;
  if (architecture.starts_with(prefix))
    std::from_chars(architecture.data() + prefix.size(), architecture.data() + architecture.size(),
                    arch);
  return arch;
}

std::int64_t resident_ctas(const hardware::SmParams& sm, const std::string& architecture,
                           std::int64_t head_dim) {
  const bool built = std::find(std::begin(kernels::kHeadDims), std::end(kernels::kHeadDims),
                               head_dim) != std::end(kernels::kHeadDims);
  std::int64_t per_sm = 0;
  if (const int arch = compute_capability(architecture); arch > 0 && built) {
    const kernels::DeviceInfo device{
        .arch = arch,
        .sm_count = static_cast<int>(sm.count),
        .smem_per_sm = static_cast<int>(sm.shared_memory.count()),
        .smem_per_cta = static_cast<int>(sm.shared_memory_per_cta.count()),
        .registers_per_sm = static_cast<int>(sm.registers),
        .warps_per_sm = static_cast<int>(sm.warps),
        .ctas_per_sm = static_cast<int>(sm.ctas)};
    per_sm = kernels::fused_ctas_per_sm(device, static_cast<int>(head_dim), kernels::DType::f16);
  }
  return sm.count * (per_sm > 0 ? per_sm : kAssumedCtasPerSm);
}

}  // namespace fieldsim::attention
