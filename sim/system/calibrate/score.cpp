#include "sim/system/calibrate/score.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::calibrate {

Score score(std::vector<double> errors) {
  Score s;
  s.n = errors.size();
  if (errors.empty()) return s;
  const auto n = static_cast<double>(s.n);
  for (double& e : errors) {
    s.bias += e / n;
    e = std::abs(e);
    s.mape += e / n;
  }
  std::sort(errors.begin(), errors.end());
  // Linear interpolation between order statistics, as numpy's default quantile.
  const auto quantile = [&](double q) {
    const double at = q * (n - 1);
    const auto i = static_cast<std::size_t>(at);
    const std::size_t next = std::min(i + 1, errors.size() - 1);
    return errors[i] + (at - static_cast<double>(i)) * (errors[next] - errors[i]);
  };
  s.median = quantile(0.5);
  s.p90 = quantile(0.9);
  return s;
}

}  // namespace fieldsim::calibrate
