#include "validation/measure/stats.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::measure {

double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Summary summarize(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  return Summary{samples.size(),         samples.front(),         quantile(samples, 0.25),
                 quantile(samples, 0.5), quantile(samples, 0.75), samples.back()};
}

double Timing::noise() const {
  if (first.count == 0 || second.count == 0 || all.median == 0) return 0;
  return std::abs(first.median - second.median) / all.median;
}

Timing timing_of(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> both = first;
  both.insert(both.end(), second.begin(), second.end());
  return Timing{summarize(std::move(both)), summarize(first), summarize(second)};
}

}  // namespace fieldsim::measure
