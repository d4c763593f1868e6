#pragma once
// How many CTAs of the attention kernel the device holds at once: what split-KV fills. From the
// kernels' own tiling and the registers that ptxas reported (kernels/tiling.hpp, resources.hpp).
#include <cstdint>
#include <string>

#include "sim/hardware/params.hpp"

namespace fieldsim::attention {

// "sm_90" is 90; 0 for other makes.
int compute_capability(const std::string& architecture);

// Over all multiprocessors. For a part or head size that our kernels are not built for: two CTAs a
// multiprocessor, an assumption.
std::int64_t resident_ctas(const hardware::SmParams& sm, const std::string& architecture,
                           std::int64_t head_dim);

}  // namespace fieldsim::attention
