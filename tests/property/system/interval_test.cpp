// The optimal commit boundary found by sweeping verification.boundary.every_tokens on the event
// engine, against theory (verification.md 4.5).
#include <Eigen/Dense>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {

constexpr double kWithin = 0.02;

// Theory has no scale of its own: a second of it is a microsecond here, so that thousands of
// failures fit into the 106 days of the clock.
constexpr double kPsPerUnit = 1e6;
Duration seconds_of(double s) { return scaled(Duration::raw(1), s * kPsPerUnit); }
double units(Duration d) { return static_cast<double>(d.count()) / kPsPerUnit; }

// Of boundaries of so much work, for each unit of work that is kept.
struct Sweep {
  std::vector<double> work, checkpoints, lost;
  double cost(std::size_t i) const { return 1 + checkpoints[i] + lost[i]; }
};

// Boundaries of one to nine tokens, `at_optimum` of which make the best interval.
Sweep sweep(Scenario s, double optimum, int at_optimum, double failures_each, double mean_time) {
  Sweep out;
  const double step = optimum / at_optimum;
  s.workload.decode_step = seconds_of(step);
  for (std::int64_t k = 1; k <= 9; ++k) {
    s.verification.boundary = verify::BoundaryParams::tokens(k);
    const double tokens = failures_each * mean_time / step;
    s.workload.output_tokens = static_cast<std::int64_t>(tokens) / k * k + k;
    s.seed = static_cast<std::uint64_t>(k);
    const Result r = simulate(s);
    REQUIRE_FALSE(r.recovery.aborted);
    const double useful = static_cast<double>(r.tokens) * step;
    out.work.push_back(static_cast<double>(k) * step);
    out.checkpoints.push_back(units(r.breakdown[Category::checkpoint]) / useful);
    out.lost.push_back(units(r.breakdown[Category::rollback]) / useful);
  }
  return out;
}

// Where the sweep costs least, with a smooth curve through what was lost: so many of the terms
// 1, w, w^2, 1/w and w^3. The scatter of a point grows with the work that one failure loses.
double least(const Sweep& points, Eigen::Index terms) {
  const auto basis = [](double w, Eigen::Index t) {
    return t == 0 ? 1 : t == 1 ? w : t == 2 ? w * w : t == 3 ? 1 / w : w * w * w;
  };
  const auto n = static_cast<Eigen::Index>(points.work.size());
  Eigen::MatrixXd a(n, terms);
  Eigen::VectorXd y(n);
  const double C = points.checkpoints.front() * points.work.front();
  for (Eigen::Index i = 0; i < n; ++i) {
    const double w = points.work[static_cast<std::size_t>(i)];
    for (Eigen::Index t = 0; t < terms; ++t) a(i, t) = basis(w, t) / w;
    y(i) = points.lost[static_cast<std::size_t>(i)] / w;
  }
  const Eigen::VectorXd x = a.colPivHouseholderQr().solve(y);
  double best = points.work.front(), lowest = 1e300;
  for (double w = points.work.front(); w < points.work.back(); w *= 1.0005) {
    double cost = C / w;
    for (Eigen::Index t = 0; t < terms; ++t) cost += x(t) * basis(w, t);
    if (cost < lowest) {
      lowest = cost;
      best = w;
    }
  }
  return best;
}

}  // namespace

TEST_CASE("the best interval against flips of bits is within 2 % of theory") {
  struct Case {
    double lambda, C, A, T, cost;
  };
  // V + R = A; here all of it is rollback, since nothing but their sum enters.
  for (const Case& c : {Case{1e-3, .1, 0, 9.950, 1.020150}, Case{1e-3, .1, 5, 9.938, 1.025175},
                        Case{1e-2, .05, 2, 2.200, 1.065698}, Case{1e-4, 1, 20, 99.45, 1.022160}}) {
    CHECK(analytic::silent_interval(c.C, c.A, c.lambda) == Approx(c.T).epsilon(1e-3));
    CHECK(analytic::silent_segment(c.T, c.C, c.A, c.lambda) / c.T == Approx(c.cost).epsilon(1e-5));
    Scenario s = timed({.V = Duration::zero(), .R = seconds_of(c.A)});
    s.recovery.checkpoint_cost = seconds_of(c.C);
    s.faults.bit_flips = recovery::BitFlips{seconds_of(1 / c.lambda)};
    const Sweep points = sweep(s, c.T, 3, 2000, 1 / c.lambda);
    const double found = least(points, 3);
    CAPTURE(c.lambda, c.C, c.A, found, c.T);
    CHECK(std::fabs(found - c.T) < kWithin * c.T);
    // The boundary of 3 tokens is the optimum: its cost is that of theory.
    CHECK(points.cost(2) == Approx(c.cost).epsilon(2e-3));
  }
}

TEST_CASE("the best interval against crashes is Daly's within 2 %, for his three cases") {
  constexpr double C = 300, R = 600;
  for (const auto& [M, published, segment] :
       {std::tuple{86'400.0, 117.0, 127.87}, {21'600.0, 57.0, 69.22}, {900.0, 9.1, 45.91}}) {
    const double best = analytic::fail_stop_interval(C, M);
    CHECK(analytic::daly_interval(C, M) / 60 == Approx(published).epsilon(0.006));
    CHECK(best / 60 == Approx(published).epsilon(0.01));
    CHECK(analytic::fail_stop_segment(best, C, R, M) / 60 == Approx(segment).epsilon(2e-3));
    Scenario s = timed({.timing = verify::Timing::none});
    s.recovery.checkpoint_cost = seconds_of(C);
    s.faults.device_crash = recovery::Crash{seconds_of(M), seconds_of(R)};
    const Sweep points = sweep(s, best, 4, 20'000, M);
    const double found = least(points, 5);
    CAPTURE(M, found / 60, best / 60);
    CHECK(std::fabs(found - best) < kWithin * best);
    CHECK(points.cost(3) * best ==
          Approx(analytic::fail_stop_segment(best, C, R, M)).epsilon(0.02));
  }
}

TEST_CASE("the adaptive rule settles at the optimum of what it sees") {
  Scenario s = timed({.V = Duration::zero()});
  s.workload.decode_step = 50_ms;
  s.workload.output_tokens = 800'000;
  s.recovery.checkpoint_cost = 100_ms;
  s.faults.bit_flips = recovery::BitFlips{40_s};
  s.verification.boundary = {};
  s.verification.boundary.adaptive =
      verify::AdaptiveParams{.mean_time_to_failure = 400_s, .cost = 100_ms};
  const Result r = simulate(s);
  // sqrt(C / lambda) = 2 s, in whole tokens.
  const double tokens = 800'000.0 / static_cast<double>(r.verification.boundaries);
  CHECK(tokens == Approx(40).epsilon(0.05));
}

TEST_CASE("random boundaries have the mean length that is given, a hybrid is the first due") {
  Scenario s = timed({.tokens = 200'000});
  const auto length = [&](const verify::BoundaryParams& b) {
    s.verification.boundary = b;
    return 200'000.0 / static_cast<double>(simulate(s).verification.boundaries);
  };
  verify::BoundaryParams step, effect, both;
  step.semantic_step = 40;
  effect.external_effect = 40;
  CHECK(length(step) == Approx(40).epsilon(0.05));
  CHECK(length(effect) == Approx(40).epsilon(0.05));
  both.hybrid.emplace();
  both.hybrid->semantic_step = both.hybrid->external_effect = 40;
  CHECK(length(both) == Approx(1 / (1 - std::pow(1 - 1 / 40.0, 2))).epsilon(0.05));
  both.hybrid->every_tokens = 3;
  CHECK(length(both) < 3);
  CHECK(length(verify::BoundaryParams::tokens(40)) == 40);
}
