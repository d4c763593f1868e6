#pragma once
// The tile model's parameters of one part: what its hardware file gives, over its architecture's
// defaults.
#include "sim/hardware/gpu/tile/params.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::system {

hardware::tile::TileParams tile_params(const hardware::GpuParams& gpu);

// Whether the hardware file gives any.
bool has_tile_params(const hardware::GpuParams& gpu);

}  // namespace fieldsim::system
