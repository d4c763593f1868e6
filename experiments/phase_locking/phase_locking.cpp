// The anchored update x -> (1 - g) A(x; K, V) + g A(x; Ka, Va) as a map on states: does it contract
// to one fixed point ("phase-locked"), or keep several? docs/theory.md, section 2, has the
// criterion. Context keys are their own values, as in a Hopfield network (Ramsauer et al., ICLR
// 2021), so a sharp softmax stores them; the anchor is one pair. Prints CSV on stdout.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/ref/attention.hpp"
#include "sim/base/random.hpp"

namespace {

using fieldsim::RandomStream;
using fieldsim::kernels::ref::Matrix;
namespace ref = fieldsim::kernels::ref;
using State = std::vector<double>;

constexpr std::size_t kWidth = 16;  // of a state
constexpr int kStarts = 48;         // initial states, on the unit sphere
constexpr int kSteps = 400;         // of the update
constexpr double kSame = 1e-3;      // fixed points closer than this are one
constexpr double kRest = 1e-15;     // a step this short ends an orbit

double normal(RandomStream& r) {
  return std::sqrt(-2 * std::log(r.uniform())) * std::cos(2 * std::numbers::pi * r.uniform());
}
double distance(const State& a, const State& b) {
  double sum = 0;
  for (std::size_t d = 0; d < kWidth; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return std::sqrt(sum);
}
State on_sphere(RandomStream& r) {
  State x(kWidth);
  for (double& v : x) v = normal(r);
  const double length = distance(x, State(kWidth, 0.0));
  for (double& v : x) v /= length;
  return x;
}

struct Memory {
  Matrix keys, anchor;
  double beta = 0, gamma = 0;  // sharpness of the softmax, the anchor's share
  bool fused = false;          // one softmax over both: the share is what the scores leave
  State next(const State& x) const {
    if (fused) return ref::concat(x, keys, keys, keys.rows, anchor, anchor, beta).out;
    return ref::gamma_mix(x, keys, keys, keys.rows, anchor, anchor, beta, gamma).out;
  }
};

struct Found {
  double contraction = 0;  // largest ratio of distances after one update and before
  double spread = 0;       // largest distance between end states
  double from_anchor = 0;  // largest distance of an end state from the anchor's value
  int fixed_points = 0;
};

Found iterate(const Memory& memory, const State& anchor) {
  RandomStream draws(7, "starts");
  std::vector<State> ends, distinct;
  Found f;
  State previous, previous_next;
  for (int i = 0; i < kStarts; ++i) {
    State x = on_sphere(draws);
    const State first = memory.next(x);
    if (!previous.empty())
      f.contraction =
          std::max(f.contraction, distance(first, previous_next) / distance(x, previous));
    previous = x;
    previous_next = first;
    std::size_t at_rest = 0;  // steps; the probe below has gone round every axis after kWidth
    for (int t = 0; t < kSteps && at_rest <= kWidth; ++t) {
      State y = memory.next(x);
      // The steepest stretch is along the path itself, near a boundary between attractors.
      State z = y;
      z[static_cast<std::size_t>(t) % kWidth] += 1e-6;
      f.contraction = std::max(f.contraction, distance(memory.next(z), memory.next(y)) / 1e-6);
      at_rest = distance(x, y) < kRest ? at_rest + 1 : 0;
      x = std::move(y);
    }
    f.from_anchor = std::max(f.from_anchor, distance(x, anchor));
    if (std::none_of(distinct.begin(), distinct.end(),
                     [&](const State& d) { return distance(d, x) < kSame; }))
      distinct.push_back(x);
    ends.push_back(std::move(x));
  }
  f.fixed_points = static_cast<int>(distinct.size());
  for (const State& a : ends)
    for (const State& b : ends) f.spread = std::max(f.spread, distance(a, b));
  return f;
}

}  // namespace

int main() {
  fmt::print(
      "kernel,context_tokens,beta,gamma,bound,guaranteed,contraction,fixed_points,spread,"
      "from_anchor\n");
  for (const std::size_t tokens : {std::size_t{32}, std::size_t{256}})
    for (const double beta : {0.5, 2.0, 8.0, 32.0})
      for (const double gamma : {-1.0, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98}) {
        Memory memory;
        RandomStream draws(3, "memory");
        const State anchor = on_sphere(draws);
        memory.keys = Matrix(tokens, kWidth);
        for (std::size_t t = 0; t < tokens; ++t) {
          const State k = on_sphere(draws);
          for (std::size_t d = 0; d < kWidth; ++d) memory.keys.at(t, d) = k[d];
        }
        memory.anchor = Matrix(1, kWidth);
        for (std::size_t d = 0; d < kWidth; ++d) memory.anchor.at(0, d) = anchor[d];
        memory.beta = beta;
        memory.fused = gamma < 0;  // first row of each block
        memory.gamma = memory.fused ? 0 : gamma;
        const Found f = iterate(memory, anchor);
        // Keys and values in the unit ball; one anchor has no spread: L <= (1 - g) beta.
        const double bound = (1 - memory.gamma) * beta;
        fmt::print("{},{},{},{},{:.4g},{},{:.4g},{},{:.4g},{:.4g}\n",
                   memory.fused ? "fused" : "gamma_fused", tokens, beta, memory.gamma, bound,
                   bound < 1 ? 1 : 0, f.contraction, f.fixed_points, f.spread, f.from_anchor);
      }
}
