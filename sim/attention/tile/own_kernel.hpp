#pragma once
// Our fused paged attention with anchors as the tile engine sees it: every number from
// kernels/tiling.hpp (tiles, stages, shared memory) and kernels/resources.inc (registers).
#include <string>

#include "kernels/tiling.hpp"
#include "sim/attention/tile/plan.hpp"

namespace fieldsim::attention::tile {

struct OwnKernel {
  kernels::Tiling tiling;
  hardware::tile::CtaResources cta;
  hardware::tile::Residency residency;
  double bytes_in_flight = 0;  // per SM, over its resident CTAs
};

// The instantiation that the planner takes on this SM: the deepest ring that fits. Throws
// ConfigError when none fits: by how many bytes the smallest is over, and which tile would fit. An
// anchor step goes through the same ring as a KV step, so the anchors' tile fits when the KV tile
// does.
OwnKernel own_kernel(const hardware::SmParams& sm, std::int64_t head_dim, std::int64_t registers);

// The same with the registers that the compiler reported for this architecture ("sm_90").
OwnKernel own_kernel(const hardware::SmParams& sm, std::int64_t head_dim,
                     const std::string& architecture);

// Plan of a decode step with `anchors` anchor tokens per request: 16-token steps, four warps per
// CTA, items of equal length over all resident CTAs.
AttentionPlan plan_own(const AttentionCall& call, std::int64_t anchors, const OwnKernel& kernel,
                       const hardware::tile::GpuShape& gpu);

}  // namespace fieldsim::attention::tile
