// The bounded window, exactly (verification.md 4.4), and the window's bookkeeping.
#include <catch2/catch.hpp>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

// Time of 840 boundaries in steady state: one run less a shorter one.
Duration steady(Timed t) {
  t.tokens = 840 * t.k;
  const Duration shorter = run(t).decode;
  t.tokens = 1680 * t.k;
  return run(t).decode - shorter;
}

}  // namespace

TEST_CASE("bounded window of W = 1 to 6 at T = 1, V = 3.5") {
  const double published[] = {.2222, .4444, .6667, .8889, 1, 1};
  for (std::int64_t w = 1; w <= 6; ++w) {
    Timed t;
    t.window = w;
    const Duration took = steady(t);
    CAPTURE(w);
    CHECK(840.0 / (seconds(took) / 1e-3) == Approx(published[w - 1]).margin(5e-5));
    // To the picosecond: W boundaries in T + V, or one in T.
    CHECK(took == (w < 5 ? (t.T + t.V) * 840 / w : t.T * 840));
  }
}

TEST_CASE("the window rate is min(1/T, W/(T+V)) for any T, V, W and boundary length") {
  for (const Duration V : {500_us, 1_ms, 2_ms, 3'500_us, 9'999_us})
    for (std::int64_t w = 1; w <= 8; ++w)
      for (const std::int64_t k : {1, 3}) {
        Timed t;
        t.V = V;
        t.window = w;
        t.k = k;
        const double T = 1e-3 * static_cast<double>(k);
        CAPTURE(V.count(), w, k);
        CHECK(840 / seconds(steady(t)) ==
              Approx(analytic::window_rate(T, seconds(V), w)).epsilon(1e-9));
      }
}

TEST_CASE("one boundary in the window is stop and wait") {
  for (const double p : {0.0, 0.3}) {
    Timed t;
    t.window = 1;
    t.p = p;
    t.R = 700_us;
    CHECK(run(t).total == run(synchronous(t)).total);
  }
}

TEST_CASE("1 + ceil(V/T) boundaries never stall, one fewer does") {
  for (const std::int64_t v : {500, 1000, 1001, 3500, 7000}) {
    Timed t;
    t.V = Duration::raw(v * 1'000'000);
    t.window = analytic::smallest_window(1000, v);
    CAPTURE(v, t.window);
    CHECK(run(t).breakdown[hardware::Category::stall] == Duration::zero());
    CHECK(run(t).verification.window_max <= t.window);
    t.window -= 1;
    CHECK(run(t).breakdown[hardware::Category::stall] > Duration::zero());
    CHECK(run(t).verification.window_max == t.window);
  }
}

TEST_CASE("stall and steps are all of the time behind a narrow window") {
  Timed t;
  t.window = 2;
  const Result r = run(t);
  CHECK(r.breakdown[hardware::Category::assumed] == t.T * t.tokens);
  CHECK(r.breakdown[hardware::Category::stall] == r.decode - t.T * t.tokens);
}

TEST_CASE("a verifier of one worker caps the rate at one boundary a service time") {
  Timed t;
  t.window = 64;
  Scenario s = timed(t);
  s.verification.workers = 1;
  s.workload.output_tokens = 200;
  const Duration shorter = simulate(s).decode;
  s.workload.output_tokens = 400;
  CHECK(simulate(s).decode - shorter == t.V * 200);
  CHECK(simulate(s).verification.utilization == Approx(1.0).margin(0.01));
  s.verification.workers = 2;
  s.workload.output_tokens = 200;
  const Duration two = simulate(s).decode;
  s.workload.output_tokens = 400;
  CHECK(simulate(s).decode - two == t.V * 100);
  s.verification.workers = 4;
  CHECK(simulate(s).decode == t.T * 400);
}
