#pragma once
// Error statistics of predictions against measurements.
#include <cstddef>
#include <vector>

namespace fieldsim::calibrate {

struct Score {
  std::size_t n = 0;
  double mape = 0;    // mean |predicted / measured - 1|
  double median = 0;  // of the same
  double p90 = 0;
  double bias = 0;  // mean of predicted / measured - 1
};

// `errors`: predicted / measured - 1.
Score score(std::vector<double> errors);

}  // namespace fieldsim::calibrate
