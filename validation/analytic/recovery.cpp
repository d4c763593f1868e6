#include "validation/analytic/recovery.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::analytic {

double synchronous(double n, double T, double V, double R, double p) {
  return n * ((T + V) / (1 - p) + R * p / (1 - p));
}

double asynchronous(double n, double T, double V, double R, double p) {
  return n * (T + p / (1 - p) * (T + V + R)) + V;
}

double window_rate(double T, double V, std::int64_t window) {
  return std::min(1 / T, static_cast<double>(window) / (T + V));
}

std::int64_t smallest_window(std::int64_t T, std::int64_t V) { return 1 + (V + T - 1) / T; }

double discarded_per_boundary(double T, double V, double p) { return p / (1 - p) * (1 + V / T); }

double exposure_tokens(double T, double V, double tau) { return (V + T / 2) / tau - 0.5; }

double commit_probability(double p, int r) { return 1 - std::pow(p, r + 1); }

double expected_attempts(double p, int r) { return commit_probability(p, r) / (1 - p); }

double expected_time(double T, double V, double R, double p, int r) {
  return (T + V + R * p) * expected_attempts(p, r) - R * std::pow(p, r + 1);
}

std::int64_t smallest_boundary(std::int64_t service, std::int64_t tau) {
  return (service + tau - 1) / tau;
}

}  // namespace fieldsim::analytic
