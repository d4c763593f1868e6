#pragma once
// Which measurements identify a GPU's parameters best: a greedy D-optimal choice from the model's
// own Jacobian at the architecture's defaults. No latency is looked at.
#include <vector>

#include "sim/system/calibrate/fit.hpp"

namespace fieldsim::calibrate {

// Shapes to choose from when none are given: a grid over what serving runs.
std::vector<Row> candidate_shapes(Operation op, const hardware::tile::GpuShape& gpu);

// The indices of `count` rows of `shapes`, in the order in which they add most. Rows of other
// operations than `op` are passed over.
std::vector<std::size_t> plan(std::size_t count, Operation op, const std::vector<Row>& shapes,
                              const hardware::tile::GpuShape& gpu,
                              const hardware::tile::TileParams& at);

}  // namespace fieldsim::calibrate
