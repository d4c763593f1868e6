#pragma once
// Fitting the tile model's parameters to measured rows: Levenberg-Marquardt on the logarithm of
// predicted over measured time, with a robust (soft L1) loss, starting from and weakly held at the
// architecture's defaults. Parameters that the rows do not identify keep their defaults and are
// named.
#include <string>
#include <vector>

#include "sim/system/calibrate/predict.hpp"

namespace fieldsim::calibrate {

struct FittedValue {
  hardware::tile::Parameter parameter;
  double value = 0;
  double uncertainty = 0;  // one standard deviation, same unit
  std::size_t rows = 0;    // rows that moved it: their time depends on it
};

struct FitOptions {
  double outlier = 0.05;        // relative error beyond which a row's pull stops growing
  double unidentified = 0.5;    // relative standard deviation above which a parameter is left alone
  std::size_t max_rows = 4000;  // evenly spaced rows of larger sets, per operation
  int iterations = 30;
  bool prior = true;
};

struct Fitted {
  hardware::tile::TileParams params;
  std::vector<FittedValue> values;
  std::vector<std::string> unidentified;
  std::size_t rows = 0;
  double residual = 0;  // robust standard deviation of log(predicted / measured)
};

// Fits the operations that occur in `rows`, each on its own rows (prefill takes what decode and it
// share from a decode fit that went before). Rows without a measured time are ignored.
Fitted fit(const std::vector<PreparedRow>& rows, const hardware::tile::GpuShape& gpu,
           const hardware::tile::TileParams& start, const FitOptions& options = {});

// d log(time) / d log(parameter), rows by parameters, at `at`.
std::vector<std::vector<double>> sensitivities(const std::vector<PreparedRow>& rows,
                                               const hardware::tile::GpuShape& gpu,
                                               const hardware::tile::TileParams& at,
                                               const std::vector<hardware::tile::Parameter>& list);

}  // namespace fieldsim::calibrate
