#pragma once
// Order statistics of repeated timings. Medians and quartiles, because timings have one-sided
// tails.
#include <cstddef>
#include <vector>

namespace fieldsim::measure {

struct Summary {
  std::size_t count = 0;
  double min = 0, q1 = 0, median = 0, q3 = 0, max = 0;
};

// Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).
// `sorted` is ascending and not empty, p in [0, 1].
double quantile(const std::vector<double>& sorted, double p);
Summary summarize(std::vector<double> samples);  // all zero for no samples

// One thing timed twice, one pass after the other: what differs between the passes is noise, and a
// difference between two kernels below it means nothing.
struct Timing {
  Summary all, first, second;
  double noise()
      const;  // |median of first - median of second| / median of all; 0 without two passes
};
Timing timing_of(const std::vector<double>& first, const std::vector<double>& second);

}  // namespace fieldsim::measure
