// How much attention the anchors get as the context grows, read off the reference kernels: values
// that are 1 for anchors and 0 for the context make the output the anchors' share. docs/theory.md,
// section 1, has the law and its bounds. Prints CSV on stdout.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/ref/attention.hpp"
#include "sim/base/random.hpp"

namespace {

using fieldsim::RandomStream;
using fieldsim::kernels::ref::Matrix;
namespace ref = fieldsim::kernels::ref;

constexpr std::size_t kHead = 64;  // head size
constexpr std::size_t kAnchors = 256;
constexpr double kSigma = 1.0;  // of the scores: q.k / sqrt(D) of unit normals
constexpr double kGamma = 0.3;  // the mixture's guaranteed share
constexpr double kKept = 0.1;   // share to hold by a bias on anchor scores
constexpr std::size_t kLongest = std::size_t{1} << 17;
constexpr int kQueries = 16;  // averaged over

double normal(RandomStream& r) {
  return std::sqrt(-2 * std::log(r.uniform())) * std::cos(2 * std::numbers::pi * r.uniform());
}

// One more coordinate carries a bias: q has 1 there, anchor keys the bias, context keys 0.
Matrix keys(RandomStream& r, std::size_t tokens) {
  Matrix k(tokens, kHead + 1);
  for (std::size_t t = 0; t < tokens; ++t)
    for (std::size_t d = 0; d < kHead; ++d) k.at(t, d) = normal(r);
  return k;
}
void set_bias(Matrix& anchor_keys, double bias, double scale) {
  for (std::size_t t = 0; t < anchor_keys.rows; ++t) anchor_keys.at(t, kHead) = bias / scale;
}

Matrix constant(std::size_t tokens, double value) {
  Matrix v(tokens, 1);
  std::fill(v.data.begin(), v.data.end(), value);
  return v;
}

double log_mean_exp(const std::vector<double>& s, std::size_t n) {
  const double most = *std::max_element(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(n));
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(s[i] - most);
  return most + std::log(sum / static_cast<double>(n));
}

struct Row {
  double fused = 0, expected = 0, low = 0, high = 0, mixture = 0, bias = 0, biased = 0;
};

Row measure(const Matrix& context, Matrix anchors, const std::vector<double>& q, std::size_t n) {
  const double scale = 1 / std::sqrt(static_cast<double>(kHead));
  const Matrix zeros = constant(context.rows, 0), ones = constant(kAnchors, 1);
  const auto a = static_cast<double>(kAnchors), ratio = static_cast<double>(n) / a;
  Row row;
  row.fused = ref::concat(q, context, zeros, n, anchors, ones, scale).out[0];
  row.mixture = ref::gamma_mix(q, context, zeros, n, anchors, ones, scale, kGamma).out[0];
  const auto s = ref::scores(q, context, scale), t = ref::scores(q, anchors, scale);
  const auto [s_low, s_high] =
      std::minmax_element(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(n));
  const auto [t_low, t_high] = std::minmax_element(t.begin(), t.end());
  row.low = 1 / (1 + ratio * std::exp(*s_high - *t_low));
  row.high = 1 / (1 + ratio * std::exp(*s_low - *t_high));
  row.expected = 1 / (1 + ratio);  // scores of one distribution: the log-mean-exps agree
  const double advantage = log_mean_exp(t, kAnchors) - log_mean_exp(s, n);
  row.bias = std::log(ratio) + std::log(kKept / (1 - kKept)) - advantage;
  set_bias(anchors, row.bias, scale);
  row.biased = ref::concat(q, context, zeros, n, anchors, ones, scale).out[0];
  return row;
}

}  // namespace

int main() {
  RandomStream context_draws(1, "context"), anchor_draws(1, "anchors"), query_draws(1, "queries");
  const Matrix context = keys(context_draws, kLongest);
  const Matrix anchors = keys(anchor_draws, kAnchors);
  fmt::print(
      "context_tokens,anchor_tokens,queries,share_fused,share_expected,share_low,share_high,"
      "share_mixture,gamma,bias_for_10_percent,share_biased\n");
  for (std::size_t n = 256; n <= kLongest; n *= 2) {
    Row mean{};
    mean.low = 1;
    RandomStream draws = query_draws;
    for (int i = 0; i < kQueries; ++i) {
      std::vector<double> q(kHead + 1, 1.0);
      for (std::size_t d = 0; d < kHead; ++d) q[d] = kSigma * normal(draws);
      const Row row = measure(context, anchors, q, n);
      mean.fused += row.fused / kQueries;
      mean.expected = row.expected;
      mean.low = std::min(mean.low, row.low);
      mean.high = std::max(mean.high, row.high);
      mean.mixture += row.mixture / kQueries;
      mean.bias += row.bias / kQueries;
      mean.biased += row.biased / kQueries;
    }
    fmt::print("{},{},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{},{:.6g},{:.6g}\n", n, kAnchors,
               kQueries, mean.fused, mean.expected, mean.low, mean.high, mean.mixture, kGamma,
               mean.bias, mean.biased);
  }
}
