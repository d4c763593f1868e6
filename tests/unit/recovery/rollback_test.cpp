// Synchronous against asynchronous, exactly and on average (verification.md 4.3 and 4.8).
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {

// Mean and standard error over seeds.
struct Sample {
  double sum = 0, squares = 0;
  int n = 0;
  void add(double v) {
    sum += v;
    squares += v * v;
    ++n;
  }
  double mean() const { return sum / n; }
  double error() const { return std::sqrt((squares / n - mean() * mean()) / n); }
};

constexpr double kSigmas = 4.5;  // one false alarm in 150,000 checks

}  // namespace

TEST_CASE("synchronous less asynchronous time is (n-1)V for every sample path") {
  for (const double p : {0.0, 0.05, 0.3, 0.6})
    for (const Duration R : {0_us, 5_us, 12'345_us})
      for (const Duration V : {3'500_us, 3_ms, 123_us})
        for (std::uint64_t seed = 1; seed <= 12; ++seed) {
          Timed t{.V = V, .R = R, .p = p, .tokens = 90, .k = 3, .seed = seed};
          t.window = analytic::smallest_window(3'000'000, V.count() / 1000) + (seed % 2 ? 0 : 5);
          const Result fast = run(t), slow = run(synchronous(t));
          CAPTURE(p, R.count(), V.count(), seed);
          REQUIRE(slow.total - fast.total == V * (t.tokens / t.k - 1));
          REQUIRE(slow.verification.failures == fast.verification.failures);
          REQUIRE(slow.recovery.rollbacks == fast.recovery.rollbacks);
        }
}

TEST_CASE("expected times, synchronous and asynchronous") {
  for (const double p : {0.05, 0.3, 0.6}) {
    Sample fast, slow, lost;
    const Timed base{.R = 400_us, .p = p, .tokens = 40};
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      Timed t = base;
      t.seed = seed;
      const Result r = run(t);
      fast.add(seconds(r.total) * 1e3);
      lost.add(static_cast<double>(r.verification.failures));
      slow.add(seconds(run(synchronous(t)).total) * 1e3);
    }
    CAPTURE(p, fast.error(), slow.error());
    CHECK(std::fabs(fast.mean() - analytic::asynchronous(40, 1, 3.5, 0.4, p)) <
          kSigmas * fast.error());
    CHECK(std::fabs(slow.mean() - analytic::synchronous(40, 1, 3.5, 0.4, p)) <
          kSigmas * slow.error());
    CHECK(std::fabs(lost.mean() - 40 * p / (1 - p)) < kSigmas * lost.error());
  }
}

TEST_CASE(
    "work discarded behind generation is p/(1-p) (1 + V/T) a boundary, stop and wait p/(1-p)") {
  Sample fast, slow;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Timed t{.p = 0.2, .tokens = 500, .seed = seed};
    // The part of a step that was cut short is discarded work too: time, not tokens.
    fast.add(seconds(run(t).breakdown[Category::rollback]) / 1e-3 / 500);
    slow.add(static_cast<double>(run(synchronous(t)).recovery.discarded_tokens) / 500);
  }
  CHECK(std::fabs(fast.mean() - analytic::discarded_per_boundary(1, 3.5, 0.2)) <
        kSigmas * fast.error() + 0.005);  // the end of a run has less behind it
  CHECK(std::fabs(slow.mean() - analytic::discarded_per_boundary(1, 0, 0.2)) <
        kSigmas * slow.error());
}

TEST_CASE("retries are limited: probability of commit and expected time of one boundary") {
  struct Case {
    Duration V, R;
    double p;
    std::int64_t retries;
    double published_commit, published_time;
  };
  for (const Case& c :
       {Case{2_ms, 500_us, 0.3, 3, .99190, 4.4636}, Case{100_us, 4_ms, 0.8, 2, .48800, 10.492}}) {
    Sample committed, time;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
      Timed t{.V = c.V, .R = c.R, .p = c.p, .tokens = 1, .seed = seed};
      Scenario s = timed(seed % 2 ? t : synchronous(t));
      s.recovery.retry_limit = c.retries;
      const Result r = simulate(s);
      committed.add(r.recovery.aborted ? 0 : 1);
      time.add(seconds(r.total) * 1e3);
      REQUIRE(r.recovery.aborted == (r.verification.failures == c.retries + 1));
      REQUIRE(r.tokens == (r.recovery.aborted ? 0 : 1));
    }
    const int r = static_cast<int>(c.retries);
    const double V = seconds(c.V) * 1e3, R = seconds(c.R) * 1e3;
    // The published figure charges a rollback after the last failure; the simulator gives up there.
    CHECK(analytic::expected_time(1, V, R, c.p, r) + R * std::pow(c.p, r + 1) ==
          Approx(c.published_time).epsilon(1e-4));
    CHECK(analytic::commit_probability(c.p, r) == Approx(c.published_commit).margin(1e-5));
    CHECK(std::fabs(committed.mean() - c.published_commit) < kSigmas * committed.error());
    CHECK(std::fabs(time.mean() - analytic::expected_time(1, V, R, c.p, r)) <
          kSigmas * time.error());
  }
}

TEST_CASE("a verdict that always fails ends in an abort, not in a loop") {
  for (const auto timing :
       {verify::Timing::optimistic, verify::Timing::pessimistic, verify::Timing::on_load})
    for (const std::int64_t limit : {0, 1, 3}) {
      Scenario s = timed({.p = 1.0, .timing = timing});
      s.recovery.retry_limit = limit;
      const Result r = simulate(s);
      CAPTURE(static_cast<int>(timing), limit);
      CHECK(r.recovery.aborted);
      CHECK(r.verification.failures == limit + 1);
      CHECK(r.tokens == 0);
      CHECK(r.tokens_per_s == 0.0);
      CHECK(r.breakdown.total() == r.decode);
    }
}

TEST_CASE("failed loads of an anchor are tried again before the prefill") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Scenario s = timed({.p = 0.4, .seed = seed, .timing = verify::Timing::on_load});
    const Result r = simulate(s);
    REQUIRE(r.prefill.time == 3'500_us * (r.verification.failures + 1));
  }
}
