// What goes wrong: rates, persistence, retries and their end.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/verify/noise.hpp"
#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;
using recovery::Exhausted;
using recovery::Refetch;
using verify::Timing;

namespace {

constexpr double kSigmas = 4.5;  // one false alarm in 150,000 checks

// Failed verdicts of a run, of which each has probability p.
bool rate_is(const Result& r, double p) {
  const auto n = static_cast<double>(r.verification.checks);
  const auto failed = static_cast<double>(r.verification.failures);
  return std::fabs(failed - n * p) < kSigmas * std::sqrt(n * p * (1 - p));
}

}  // namespace

TEST_CASE("bit flips make a verdict fail with 1 - exp(-lambda T)") {
  for (const Timing timing : {Timing::pessimistic, Timing::optimistic})
    for (const std::int64_t k : {1, 10, 50}) {
      Scenario s = timed({.tokens = 20'000 * std::min<std::int64_t>(k, 10), .k = k, .window = 1});
      s.verification.timing = timing;
      s.faults.bit_flips = recovery::BitFlips{100_ms};
      CAPTURE(k);
      CHECK(rate_is(simulate(s), -std::expm1(-static_cast<double>(k) / 100)));
    }
}

TEST_CASE("synchronous less asynchronous time is (n-1)V for flips of bits and tokens too") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Timed t{.R = 100_us, .tokens = 90, .k = 3, .seed = seed};
    Scenario fast = timed(t), slow = timed(synchronous(t));
    for (Scenario* s : {&fast, &slow}) {
      s->faults.bit_flips = recovery::BitFlips{20_ms};
      s->faults.token_flip.probability = 0.02;
      s->faults.noise = recovery::Noise{.diverges = 0.1, .flip = 0.5, .elements = 9};
    }
    REQUIRE(simulate(slow).total - simulate(fast).total == t.V * 29);
  }
}

TEST_CASE("noise fails verdicts with pi [1 - (1 - p)^n], for each p and n of the reference") {
  // verification.md 5.3.
  const auto p_any = [](double p, std::int64_t n) { return verify::false_positive(1, p, n); };
  CHECK(p_any(1e-3, 768) == Approx(.536).epsilon(1e-3));
  CHECK(p_any(1e-3, 4096) == Approx(.983).epsilon(1e-3));
  CHECK(p_any(1.6e-5, 5120) == Approx(.079).epsilon(0.01));
  CHECK(p_any(2.7e-7, 409'600) == Approx(.105).epsilon(0.01));
  CHECK(p_any(1.6e-14, 409'600) == Approx(6.55e-9).epsilon(0.001));
  for (const auto& [pi, p, n] :
       {std::tuple{1.0, 1.6e-5, 4096}, {0.4, 1e-3, 768}, {0.05, 0.05, 100}}) {
    Scenario s = timed({.tokens = 20'000, .window = 1});
    s.faults.noise = recovery::Noise{.diverges = pi, .flip = p, .elements = n};
    const Result r = simulate(s);
    const double p_fp = analytic::false_positive(pi, p, n);
    CAPTURE(pi, p, n);
    CHECK(rate_is(r, p_fp));
    CHECK(r.verification.false_positives == r.verification.failures);
    CHECK(r.recovery.escaped_tokens == 0);
    // Expected false rollbacks for each committed boundary.
    CHECK(static_cast<double>(r.verification.false_positives) / 20'000 ==
          Approx(p_fp / (1 - p_fp)).epsilon(0.1));
  }
}

TEST_CASE("noise that meets the retry again ends in the fallback") {
  Scenario s = timed({.tokens = 5});
  s.faults.noise = recovery::Noise{.diverges = 1, .flip = 1, .elements = 1, .systematic = true};
  s.recovery.retry_limit = 3;
  CHECK(simulate(s).recovery.aborted);
  s.recovery.retry.exhausted = Exhausted::tolerate;
  const Result r = simulate(s);
  CHECK(r.tokens == 5);
  CHECK(r.recovery.tolerated == 5);
  CHECK(r.recovery.escaped_tokens == 0);  // noise: the tokens are good
}

TEST_CASE("tampering fails every verdict until another replica is fetched") {
  for (const Timing timing : {Timing::pessimistic, Timing::optimistic}) {
    Scenario s = timed({.tokens = 400});
    s.verification.timing = timing;
    s.faults.tampering = recovery::Tampering{100_ms};
    s.recovery.retry_limit = 2;
    CHECK(simulate(s).recovery.aborted);
    CHECK(simulate(s).recovery.escaped_tokens == 0);
    s.recovery.retry.refetch = Refetch::replica;
    s.recovery.retry.refetch_time = 3_ms;
    const Result r = simulate(s);
    CHECK_FALSE(r.recovery.aborted);
    CHECK(r.tokens == 400);
    CHECK(r.recovery.refetches == r.recovery.rollbacks);
    CHECK(r.recovery.repairing == 3_ms * r.recovery.refetches);
  }
}

TEST_CASE("a fault that stays ends in abort, in stop and wait and then abort, or tolerated") {
  Scenario s = timed({.p = 1.0, .tokens = 20, .k = 4});
  s.recovery.retry_limit = 2;
  const Result aborted = simulate(s);
  CHECK(aborted.recovery.aborted);
  CHECK(aborted.verification.failures == 3);
  s.recovery.retry.exhausted = Exhausted::pessimistic;
  const Result degraded = simulate(s);
  CHECK(degraded.recovery.aborted);
  CHECK(degraded.recovery.degraded);
  CHECK(degraded.verification.failures == 6);
  s.recovery.retry.exhausted = Exhausted::tolerate;
  const Result tolerated = simulate(s);
  CHECK(tolerated.tokens == 20);
  CHECK(tolerated.recovery.tolerated == 5);
  CHECK(tolerated.recovery.escaped_tokens == 20);
  CHECK(tolerated.goodput == 0.0);
}

TEST_CASE("stop and wait after its retries, and good from there on") {
  int degraded = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Scenario s = timed({.p = 0.2, .tokens = 60, .seed = seed});
    s.recovery.retry_limit = 2;
    s.recovery.retry.exhausted = Exhausted::pessimistic;
    const Result r = simulate(s);
    if (!r.recovery.degraded || r.recovery.aborted) continue;
    ++degraded;
    CHECK(r.tokens == 60);
    CHECK(r.breakdown[Category::ledger] > Duration::zero());  // verdicts waited for
  }
  CHECK(degraded > 0);
}

TEST_CASE("backoff doubles from retry to retry") {
  Scenario s = timed({.p = 1.0, .tokens = 4});
  s.recovery.retry_limit = 4;
  s.recovery.retry.backoff = 10_ms;
  CHECK(simulate(s).recovery.repairing == 10_ms * (1 + 2 + 4 + 8));
  s.recovery.retry.backoff_factor = 1;
  CHECK(simulate(s).recovery.repairing == 10_ms * 4);
}

TEST_CASE("changed between check and use: its own boundary passes, the next one fails") {
  Scenario s = timed({.tokens = 4000, .k = 4, .window = 1});
  s.faults.time_of_use = recovery::TimeOfUse{0.05};
  const Result r = simulate(s);
  CHECK(r.verification.failures > 20);
  // Every change lets the tokens of one boundary escape; the last may meet no later check.
  const std::int64_t escaped = r.recovery.escaped_tokens / 4;
  CHECK(escaped >= r.verification.failures);
  CHECK(escaped <= r.verification.failures + 1);
}

TEST_CASE("a restarted session throws away what it had committed") {
  Scenario s = timed({.p = 0.1, .tokens = 20, .seed = 3});
  s.recovery.rollback = recovery::Rollback::session_restart;
  const Result r = simulate(s);
  CHECK(r.tokens == 20);
  CHECK(r.verification.boundaries == 20);
  CHECK(r.recovery.rollbacks > 0);
  Scenario suffix = s;
  suffix.recovery.rollback = recovery::Rollback::suffix;
  CHECK(r.recovery.discarded_tokens > simulate(suffix).recovery.discarded_tokens);
  CHECK(r.recovery.committed.tokens == 20);
}

TEST_CASE("compensation keeps the boundary: no token is discarded, bad ones are counted") {
  Scenario s = timed({.p = 0.2, .tokens = 1000});
  s.recovery.rollback = recovery::Rollback::compensate_only;
  s.recovery.compensation = {.time = 5_ms, .success = 0.5};
  const Result r = simulate(s);
  CHECK(r.recovery.discarded_tokens == 0);
  CHECK(r.recovery.rollbacks == 0);
  CHECK(r.recovery.compensations == r.verification.failures);
  CHECK(r.recovery.escaped_tokens == r.verification.failures);
  CHECK(static_cast<double>(r.recovery.failed_compensations) ==
        Approx(0.5 * static_cast<double>(r.recovery.compensations)).epsilon(0.25));
}

TEST_CASE("an anchor that is revoked is replaced and all behind it is prefilled again") {
  Scenario s = timed({.tokens = 1000});
  s.faults.ledger.revoked_every = 200_ms;
  s.recovery.retry.refetch_time = 2_ms;
  s.workload.prefill = 10_ms;
  const Result r = simulate(s);
  CHECK(r.tokens == 1000);
  CHECK(r.recovery.refetches > 1);
  CHECK(r.recovery.refetches == r.recovery.rollbacks);
  CHECK(r.recovery.reprefilled_tokens > 128 * r.recovery.refetches);
}

TEST_CASE("a crash loses the open boundary and nothing that was closed") {
  Scenario s = timed({.tokens = 4000, .k = 10});
  s.faults.device_crash = recovery::Crash{300_ms, 20_ms};
  for (const Timing timing :
       {Timing::none, Timing::pessimistic, Timing::optimistic, Timing::attested_tee}) {
    s.verification.timing = timing;
    const Result r = simulate(s);
    CAPTURE(static_cast<int>(timing));
    CHECK(r.tokens == 4000);
    CHECK(r.recovery.crashes > 3);
    CHECK(r.recovery.rollbacks == 0);
    CHECK(r.recovery.discarded_tokens < 10 * r.recovery.crashes);
    CHECK(r.breakdown.total() == r.decode);
  }
}

TEST_CASE("after a crash the KV comes from the host's copy, or is computed again") {
  Scenario s = timed({.tokens = 2000, .k = 10});
  s.faults.device_crash = recovery::Crash{200_ms, 1_ms};
  s.workload.prefill = 50_ms;
  const Result computed = simulate(s);
  CHECK(computed.recovery.reprefilled_tokens > 0);
  s.recovery.checkpoint = recovery::Checkpoint::full_copy_host;
  const Result copied = simulate(s);
  CHECK(copied.recovery.reprefilled_tokens == 0);
  CHECK(copied.recovery.checkpointed == Bytes::raw(819'200 * 2000));
}

TEST_CASE("a slow verifier takes its factor, a crashed one begins again") {
  Scenario s = timed({.tokens = 2000, .window = 1});
  s.faults.slow_verifier = recovery::SlowVerifier{0.25, 3};
  const Result slow = simulate(s);
  // V + 2 V for a quarter of the checks.
  CHECK(slow.verification.service_s == Approx(3.5e-3 * 1.5).epsilon(0.05));
  s.faults.slow_verifier = {};
  s.faults.verifier_crash = recovery::Crash{50_ms, 4_ms};
  const Result crashed = simulate(s);
  CHECK(crashed.verification.restarted_checks > 50);
  CHECK(crashed.verification.service_s > 3.5e-3);
  CHECK(crashed.tokens == 2000);
}
