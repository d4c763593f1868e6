#pragma once
// Which of n things is asked for: uniform, or Zipf's law, P(i) ~ (i + 1)^-s. s = 0 is uniform; web
// objects have s of 0.64 to 0.83 (Breslau et al., INFOCOM'99).
#include <cstdint>
#include <vector>

namespace fieldsim::serving {

class Popularity {
 public:
  Popularity(std::int64_t n, double exponent);  // REQUIRES: n > 0, exponent >= 0
  std::int64_t pick(double uniform) const;      // of (0, 1); O(log n)
  double probability(std::int64_t i) const;

 private:
  std::vector<double> cumulative_;
};

}  // namespace fieldsim::serving
