// Exposure, output commit and the verdicts' independence of timing.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

TEST_CASE("exposure is (V + T/2)/tau - 1/2 tokens, less than (V + T)/tau at most") {
  for (const std::int64_t k : {1, 4, 10})
    for (const Duration V : {3'500_us, 20_ms}) {
      const Timed t{.V = V, .tokens = 2000 * k, .k = k};
      const Result r = run(t);
      const double T = static_cast<double>(k), v = seconds(V) * 1e3;
      // Over the whole run: every token is exposed for V + its distance to the boundary's end.
      const double tokens = static_cast<double>(t.tokens);
      CHECK(r.verification.exposure_mean ==
            Approx(tokens * (v + (T - 1) / 2) / (tokens + v)).epsilon(1e-12));
      CHECK(r.verification.exposure_mean ==
            Approx(analytic::exposure_tokens(T, v, 1)).epsilon(0.02));
      // A token and a verdict of the same moment do not overlap: the bound is not reached.
      CHECK(r.verification.exposure_max == static_cast<std::int64_t>(std::ceil(v + T)) - 1);
    }
}

TEST_CASE("a synchronous run exposes the tokens of one boundary") {
  const Timed t{.tokens = 100, .k = 5};
  const Result r = run(synchronous(t));
  CHECK(r.verification.exposure_max == 5);
  CHECK(r.verification.exposure_mean == Approx((1 + 2 + 3 + 4 + 5 * 3.5) / 8.5));
}

TEST_CASE("without verification nothing is exposed beyond the instant") {
  Timed t;
  t.timing = verify::Timing::none;
  CHECK(run(t).verification.exposure_mean == 0.0);
  CHECK(run(t).verification.boundaries == 0);
}

TEST_CASE("a token is released V plus its distance to the boundary's end after it was generated") {
  const Timed t{.tokens = 400, .k = 8};
  const Result r = run(t);
  CHECK(r.recovery.output_commit.mean == Approx(3.5e-3 + 3.5e-3));  // (k - 1) tau / 2 + V
  CHECK(r.recovery.output_commit.max == Approx(7e-3 + 3.5e-3));
  CHECK(r.recovery.output_commit.p50 == Approx(3e-3 + 3.5e-3));
  Scenario s = timed(t);
  s.recovery.output_commit = recovery::OutputCommit::stream_with_retraction;
  CHECK(simulate(s).recovery.output_commit.max == 0.0);
}

TEST_CASE("output waits for the boundaries before it when verdicts overtake each other") {
  // The head of the ledger is fetched by the first read; the later ones use it at once.
  Scenario s = timed({.T = 1_ms, .tokens = 4});
  s.verification.ledger.consistency = verify::Consistency::lease;
  const Result r = simulate(s);
  CHECK(r.recovery.output_commit.max == Approx(3.5e-3));
  CHECK(r.recovery.output_commit.p50 == Approx(1.5e-3));  // 3.5, 2.5, 1.5 and 0.5 ms
  CHECK(r.verification.exposure_max == 4);
}

TEST_CASE("verdicts do not depend on timing, window, workers or step") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Timed base{.R = 5_us, .p = 0.25, .tokens = 60, .seed = seed};
    const auto failures = run(base).verification.failures;
    Timed t = base;
    t.window = 3;
    CAPTURE(seed);
    CHECK(run(t).verification.failures == failures);
    t = base;
    t.T = 317_us;
    CHECK(run(t).verification.failures == failures);
    CHECK(run(synchronous(base)).verification.failures == failures);
    Scenario s = timed(base);
    s.verification.workers = 1;
    CHECK(simulate(s).verification.failures == failures);
  }
}

TEST_CASE("one seed gives one result, another seed other failures") {
  std::set<std::int64_t> totals;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Timed t{.R = 5_us, .p = 0.25, .tokens = 200, .seed = seed};
    const Result a = run(t), b = run(t);
    CHECK(a.total == b.total);
    CHECK(a.simulation.fingerprint == b.simulation.fingerprint);
    totals.insert(a.total.count());
  }
  CHECK(totals.size() > 20);
  CHECK(run({.p = 0, .seed = 1}).total == run({.p = 0, .seed = 2}).total);
}
