// The references against closed forms and against each other.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "kernels/ref/attention.hpp"

using namespace fieldsim::kernels::ref;

namespace {

constexpr std::size_t kDim = 8;

Matrix random_matrix(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Matrix m(rows, kDim);
  for (double& x : m.data) x = static_cast<double>(random() >> 11) * 0x1p-52 - 1.0;
  return m;
}
std::vector<double> random_row(std::uint64_t seed) { return random_matrix(1, seed).data; }

void close(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).margin(1e-12));
}

}  // namespace

TEST_CASE("one token: its value, and its score as the log-sum-exp") {
  const auto q = random_row(1);
  const Matrix k = random_matrix(1, 2);
  const Matrix v = random_matrix(1, 3);
  const auto s = scores(q, k, 0.5);
  const Result r = attend(s, v, 1);
  close(r.out, v.data);
  CHECK(r.lse == Approx(s[0]));
}

TEST_CASE("equal scores: the mean of the values, log of the count") {
  const std::vector<double> zero(kDim, 0.0);
  const Matrix k = random_matrix(4, 2);
  const Matrix v = random_matrix(4, 3);
  const Result r = attend(scores(zero, k, 1.0), v, 4);
  for (std::size_t d = 0; d < kDim; ++d)
    CHECK(r.out[d] == Approx((v.at(0, d) + v.at(1, d) + v.at(2, d) + v.at(3, d)) / 4.0));
  CHECK(r.lse == Approx(std::log(4.0)));
}

TEST_CASE("concat equals the merge of its parts and the unfused form") {
  const auto identity = [](double x) { return x; };
  for (std::size_t tokens : {0u, 1u, 9u})
    for (std::size_t anchors : {0u, 1u, 5u}) {
      const auto q = random_row(1);
      const Matrix k = random_matrix(tokens, 2), v = random_matrix(tokens, 3);
      const Matrix ka = random_matrix(anchors, 4), va = random_matrix(anchors, 5);
      const Result whole = concat(q, k, v, tokens, ka, va, 0.7);
      Result kv = attend(scores(q, k, 0.7), v, tokens);
      Result an = attend(scores(q, ka, 0.7), va, anchors);
      kv.out.resize(kDim);
      an.out.resize(kDim);
      const Result merged = merge(kv, an);
      close(whole.out, merged.out);
      if (tokens + anchors > 0) CHECK(whole.lse == Approx(merged.lse));
      if (tokens + anchors > 0) {
        const Result naive = unfused(q, k, v, tokens, ka, va, 0.7, identity);
        close(whole.out, naive.out);
        CHECK(whole.lse == Approx(naive.lse));
      }
    }
}

TEST_CASE("the mixture: its ends are its segments, an empty one gives its weight away") {
  const auto q = random_row(1);
  const Matrix k = random_matrix(6, 2), v = random_matrix(6, 3);
  const Matrix ka = random_matrix(3, 4), va = random_matrix(3, 5);
  const Matrix none(0, kDim);
  const Result kv = attend(scores(q, k, 1.0), v, 6);
  const Result an = attend(scores(q, ka, 1.0), va, 3);
  close(gamma_mix(q, k, v, 6, ka, va, 1.0, 0.0).out, kv.out);
  close(gamma_mix(q, k, v, 6, ka, va, 1.0, 1.0).out, an.out);
  close(gamma_mix(q, k, v, 6, none, none, 1.0, 0.3).out, kv.out);
  close(gamma_mix(q, k, v, 0, ka, va, 1.0, 0.3).out, an.out);
  close(gamma_mix(q, k, v, 0, none, none, 1.0, 0.3).out, std::vector<double>(kDim, 0.0));
  const auto half = gamma_mix(q, k, v, 6, ka, va, 1.0, 0.5);
  for (std::size_t d = 0; d < kDim; ++d)
    CHECK(half.out[d] == Approx(0.5 * kv.out[d] + 0.5 * an.out[d]));
  CHECK(half.lse_kv == Approx(kv.lse));
  CHECK(half.lse_anchors == Approx(an.lse));
}

TEST_CASE("the last query token sees everything, the first all but the later ones") {
  CHECK(causal_limit(10, 3, 2) == 10);
  CHECK(causal_limit(10, 3, 0) == 8);
  CHECK(causal_limit(1, 3, 0) == 0);
  CHECK(causal_limit(0, 1, 0) == 0);
}
