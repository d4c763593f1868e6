#include "kernels/ref/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fieldsim::kernels::ref {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

Matrix stack(const Matrix& a, std::size_t a_rows, const Matrix& b) {
  Matrix m(a_rows + b.rows, std::max(a.columns, b.columns));
  for (std::size_t r = 0; r < a_rows; ++r)
    for (std::size_t c = 0; c < a.columns; ++c) m.at(r, c) = a.at(r, c);
  for (std::size_t r = 0; r < b.rows; ++r)
    for (std::size_t c = 0; c < b.columns; ++c) m.at(a_rows + r, c) = b.at(r, c);
  return m;
}

// Unlike std::max, keeps a NaN.
double maximum(const std::vector<double>& v, std::size_t n) {
  double m = kMinusInfinity;
  for (std::size_t i = 0; i < n; ++i) m = std::isnan(v[i]) || v[i] > m ? v[i] : m;
  return m;
}

}  // namespace

std::size_t causal_limit(std::size_t kv_len, std::size_t q_len, std::size_t i) {
  const std::size_t hidden = q_len - 1 - i;
  return kv_len > hidden ? kv_len - hidden : 0;
}

std::vector<double> scores(const std::vector<double>& q, const Matrix& keys, double scale) {
  std::vector<double> s(keys.rows, 0.0);
  for (std::size_t t = 0; t < keys.rows; ++t) {
    for (std::size_t d = 0; d < q.size(); ++d) s[t] += q[d] * keys.at(t, d);
    s[t] *= scale;
  }
  return s;
}

Result attend(const std::vector<double>& s, const Matrix& values, std::size_t tokens) {
  Result r{std::vector<double>(values.columns, 0.0), kMinusInfinity};
  if (tokens == 0) return r;
  const double top = maximum(s, tokens);
  double sum = 0.0;
  for (std::size_t t = 0; t < tokens; ++t) {
    const double weight = std::exp(s[t] - top);
    sum += weight;
    for (std::size_t d = 0; d < values.columns; ++d) r.out[d] += weight * values.at(t, d);
  }
  for (double& o : r.out) o /= sum;
  r.lse = top + std::log(sum);
  return r;
}

Result concat(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
              std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
              double scale) {
  const Matrix all_keys = stack(keys, visible, anchor_keys);
  const Matrix all_values = stack(values, visible, anchor_values);
  return attend(scores(q, all_keys, scale), all_values, all_keys.rows);
}

MixResult gamma_mix(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
                    std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
                    double scale, double gamma) {
  const Result kv = attend(scores(q, keys, scale), values, visible);
  const Result anchors = attend(scores(q, anchor_keys, scale), anchor_values, anchor_keys.rows);
  if (visible == 0) gamma = 1.0;
  if (anchor_keys.rows == 0) gamma = visible == 0 ? gamma : 0.0;
  MixResult r{std::vector<double>(q.size(), 0.0), kv.lse, anchors.lse};
  for (std::size_t d = 0; d < q.size(); ++d) {
    if (gamma != 1.0) r.out[d] += (1.0 - gamma) * kv.out[d];
    if (gamma != 0.0 && anchor_keys.rows > 0) r.out[d] += gamma * anchors.out[d];
  }
  return r;
}

Result merge(const Result& a, const Result& b) {
  const double top = std::max(a.lse, b.lse);
  if (top == kMinusInfinity) return a;
  const double wa = std::exp(a.lse - top);
  const double wb = std::exp(b.lse - top);
  Result r{std::vector<double>(a.out.size()), top + std::log(wa + wb)};
  for (std::size_t d = 0; d < r.out.size(); ++d)
    r.out[d] = (wa * a.out[d] + wb * b.out[d]) / (wa + wb);
  return r;
}

Result unfused(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
               std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
               double scale, double (*round)(double)) {
  const Matrix all_keys = stack(keys, visible, anchor_keys);
  const Matrix all_values = stack(values, visible, anchor_values);
  std::vector<double> s = scores(q, all_keys, scale);
  for (double& x : s) x = round(x);
  Result r{std::vector<double>(q.size(), 0.0), kMinusInfinity};
  if (s.empty()) return r;
  const double top = maximum(s, s.size());
  double sum = 0.0;
  for (double x : s) sum += std::exp(x - top);
  std::vector<double> p(s.size());
  for (std::size_t t = 0; t < s.size(); ++t) p[t] = round(std::exp(s[t] - top) / sum);
  for (std::size_t d = 0; d < q.size(); ++d) {
    for (std::size_t t = 0; t < s.size(); ++t) r.out[d] += p[t] * all_values.at(t, d);
    r.out[d] = round(r.out[d]);
  }
  r.lse = top + std::log(sum);
  return r;
}

}  // namespace fieldsim::kernels::ref
