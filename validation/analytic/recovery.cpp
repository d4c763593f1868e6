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

namespace {

// The root of an increasing function in [low, high].
template <class F>
double root(F f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) < 0 ? low : high) = middle;
  }
  return low;
}

}  // namespace

double silent_segment(double T, double C, double A, double L) {
  return std::exp(L * T) * (T + C) + std::expm1(L * T) * A;
}

double silent_interval(double C, double A, double L) {
  return root([&](double T) { return std::exp(L * T) * (L * T * (T + C + A) - (C + A)) + A; }, 1e-9,
              10 / L);
}

double fail_stop_segment(double T, double C, double R, double M) {
  return M * std::exp(R / M) * std::expm1((T + C) / M);
}

double fail_stop_interval(double C, double M) {
  // d/dT (segment / T) = 0: e^{(T + C)/M} (T/M - 1) + 1 = 0.
  return root([&](double T) { return std::exp((T + C) / M) * (T / M - 1) + 1; }, 1e-9 * M, M);
}

double daly_interval(double C, double M) {
  const double x = C / (2 * M);
  return C < 2 * M ? std::sqrt(2 * C * M) * (1 + std::sqrt(x) / 3 + x / 9) - C : M;
}

double kept_of_window(double W, double q) { return -std::expm1(W * std::log1p(-q)) / q; }
double recomputed_share(double W, double q) { return W / kept_of_window(W, q) - 1; }

double unseen(double alpha, double d, double m) { return std::pow(1 - alpha * d, m); }
double boundaries_to_detection(double alpha, double d) { return 1 / (alpha * d); }

double stale_use(double rho, double age) { return -std::expm1(-rho * age); }

double false_positive(double pi, double p, double n) {
  return pi * -std::expm1(n * std::log1p(-p));
}

std::int64_t smallest_boundary(std::int64_t service, std::int64_t tau) {
  return (service + tau - 1) / tau;
}

}  // namespace fieldsim::analytic
