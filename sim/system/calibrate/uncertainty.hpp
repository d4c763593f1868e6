#pragma once
// How far a prediction may be off: the spread of the parameters carried through the model's
// Jacobian, and what the mechanisms leave unexplained.
#include <vector>

#include "sim/system/calibrate/predict.hpp"

namespace fieldsim::calibrate {

// Unexplained relative error (one standard deviation) of the fitted model on rows it was not fitted
// to: the cross-validated p90 of the three tables over 1.645 (docs/accuracy.md).
double unexplained(Operation op);

// Relative standard deviation of each row's prediction. `fitted`: the parameters were fitted on
// this part; else every parameter carries its prior spread.
std::vector<double> spread_of(const std::vector<PreparedRow>& rows,
                              const hardware::tile::GpuShape& gpu,
                              const hardware::tile::TileParams& params, bool fitted);

inline constexpr double kBand90 = 1.645;  // standard deviations on either side that hold 90 %

}  // namespace fieldsim::calibrate
