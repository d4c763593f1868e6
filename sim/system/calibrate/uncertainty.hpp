#pragma once
// How far a prediction may be off: the spread of the parameters carried through the model's
// Jacobian, and what the mechanisms leave unexplained.
#include <vector>

#include "sim/system/calibrate/predict.hpp"

namespace fieldsim::calibrate {

// Unexplained relative error (one standard deviation) of the fitted model on rows it was not fitted
// to: the cross-validated p90 of the three tables over 1.645 (docs/accuracy.md).
double unexplained(Operation op, hardware::tile::Family family);

// What the parameters were fitted on: this part, another of its family, or another generation,
// whose library has other kernels. The latter two carry the spread seen between such parts.
enum class Basis { part, family, generation };
// Of a part: blackwell's defaults come from hopper.
Basis basis_of(hardware::tile::Family family, bool fitted);

// Relative standard deviation of each row's prediction.
std::vector<double> spread_of(const std::vector<PreparedRow>& rows,
                              const hardware::tile::GpuShape& gpu,
                              const hardware::tile::TileParams& params, Basis basis);

inline constexpr double kBand90 = 1.645;  // standard deviations on either side that hold 90 %

}  // namespace fieldsim::calibrate
