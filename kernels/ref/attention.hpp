#pragma once
// References in FP64, written for reading: each function is its formula, with matrices in memory.
// One call handles one query row of one head. Shapes: q [D], keys and values [tokens][D].
#include <cstddef>
#include <vector>

namespace fieldsim::kernels::ref {

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> data;  // row-major
  Matrix() = default;
  Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), data(r * c, 0.0) {}
  double& at(std::size_t r, std::size_t c) { return data[r * columns + c]; }
  double at(std::size_t r, std::size_t c) const { return data[r * columns + c]; }
};

// The attention of one row over one set of tokens.
struct Result {
  std::vector<double> out;  // [D]; zeros when there was nothing to attend to
  double lse;               // natural log of the sum of exponentials; -inf then
};

// KV tokens that query token `i` of `q_len` sees: all but the ones after it.
std::size_t causal_limit(std::size_t kv_len, std::size_t q_len, std::size_t i);

// q . k * scale for each token.
std::vector<double> scores(const std::vector<double>& q, const Matrix& keys, double scale);

// softmax(scores) values over the first `tokens` tokens.
Result attend(const std::vector<double>& scores, const Matrix& values, std::size_t tokens);

// softmax(Q [K, Ka]^T) [V, Va]: fused, cascade, prepended pages.
Result concat(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
              std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
              double scale);

// (1 - g) softmax(Q K^T) V + g softmax(Q Ka^T) Va. An empty segment's weight moves to the other.
struct MixResult {
  std::vector<double> out;
  double lse_kv;
  double lse_anchors;
};
MixResult gamma_mix(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
                    std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
                    double scale, double gamma);

// Two results over disjoint tokens into the result over their union: two_pass.
Result merge(const Result& a, const Result& b);

// The naive baseline with its matrices: the row of P = softmax(S) over all tokens, rounded by
// `round` as it would be in memory, times V. `round` is the identity in FP64 and the element type's
// rounding when it predicts the error of a 16-bit implementation.
Result unfused(const std::vector<double>& q, const Matrix& keys, const Matrix& values,
               std::size_t visible, const Matrix& anchor_keys, const Matrix& anchor_values,
               double scale, double (*round)(double));

}  // namespace fieldsim::kernels::ref
