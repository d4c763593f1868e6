#include "sim/serving/popularity.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace fieldsim::serving {

namespace {
// e^x for x <= 0 from IEEE operations only, as portable_log is and for the same reason.
double portable_exp(double x) {
  const double k = std::nearbyint(x / std::numbers::ln2);
  const double r = x - k * std::numbers::ln2;  // |r| <= 0.35: 18 terms leave less than 1e-17
  double sum = 1.0;
  for (int i = 18; i >= 1; --i) sum = 1.0 + sum * r / i;
  return std::ldexp(sum, static_cast<int>(k));
}
}  // namespace

Popularity::Popularity(std::int64_t n, double exponent) {
  SIM_CHECK(n > 0 && exponent >= 0, "a popularity of nothing");
  cumulative_.reserve(static_cast<std::size_t>(n));
  double sum = 0;
  for (std::int64_t i = 1; i <= n; ++i)
    cumulative_.push_back(sum += portable_exp(-exponent * portable_log(static_cast<double>(i))));
  for (double& c : cumulative_) c /= sum;
}

std::int64_t Popularity::pick(double uniform) const {
  const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform);
  return at - cumulative_.begin();
}

double Popularity::probability(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  return cumulative_[at] - (at == 0 ? 0.0 : cumulative_[at - 1]);
}

}  // namespace fieldsim::serving
