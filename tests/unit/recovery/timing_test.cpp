// Timings beyond stop and wait and go-back-N, against their closed forms and published figures.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;
using verify::Timing;

namespace {

constexpr double kSigmas = 4.5;  // one false alarm in 150,000 checks

bool near(double hits, double n, double p) {
  return std::fabs(hits - n * p) < kSigmas * std::sqrt(n * p * (1 - p)) + 1e-9;
}

Scenario of(Timing timing, Timed t = {}) {
  t.timing = timing;
  return timed(t);
}

}  // namespace

TEST_CASE("verified prefix recomputes what LLM-42 measured, W = 16 to 128, q = 0.00407") {
  // Recomputed tokens in percent, Llama-3.1-8B on ShareGPT, H100: microsoft/llm-42.
  for (const auto& [W, published] : {std::pair{16, 3.12}, {32, 6.44}, {64, 13.55}, {128, 27.2}}) {
    Scenario s = of(Timing::optimistic_verified_prefix, {.tokens = 1'500'000, .k = W, .window = 1});
    s.faults.token_flip.probability = 0.00407;
    const Result r = simulate(s);
    const double share = 100.0 * static_cast<double>(r.recovery.discarded_tokens) / 1'500'000;
    CAPTURE(W, share);
    CHECK(share == Approx(published).epsilon(0.10));
    CHECK(share == Approx(100 * analytic::recomputed_share(W, 0.00407)).epsilon(0.05));
    CHECK(r.recovery.escaped_tokens == 0);
    CHECK(r.recovery.rollbacks == r.verification.failures);
  }
}

TEST_CASE("verified prefix ends even when every token is bad: one token a window") {
  Scenario s = of(Timing::optimistic_verified_prefix, {.tokens = 40, .k = 8, .window = 1});
  s.faults.token_flip.probability = 1;
  s.recovery.retry_limit = 0;
  const Result r = simulate(s);
  CHECK(r.tokens == 40);
  CHECK(r.verification.boundaries == 40);
  CHECK_FALSE(r.recovery.aborted);
}

TEST_CASE("verified prefix loses no less than go-back-N would keep, and saves its prefix") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Timed t{.tokens = 2000, .k = 20, .window = 4, .seed = seed};
    Scenario prefix = of(Timing::optimistic_verified_prefix, t), suffix = of(Timing::optimistic, t);
    prefix.faults.token_flip.probability = suffix.faults.token_flip.probability = 0.01;
    CHECK(simulate(prefix).recovery.discarded_tokens < simulate(suffix).recovery.discarded_tokens);
  }
}

TEST_CASE("audits: a bad anchor goes unseen for m boundaries with (1 - alpha d)^m") {
  constexpr int n = 4000;
  for (const auto& [alpha, d, m] : {std::tuple{0.1, 1.0, 10}, {0.3, 0.5, 5}, {1.0, 0.2, 8}}) {
    int missed = 0;
    for (std::uint64_t seed = 1; seed <= n; ++seed) {
      Scenario s = of(Timing::sampled_audit, {.tokens = m, .seed = seed});
      s.faults.tampering = recovery::Tampering{Duration::raw(1)};
      s.recovery.retry_limit = 0;
      s.verification.audit = {alpha, d};
      const Result r = simulate(s);
      if (r.verification.failures == 0) {
        ++missed;
        REQUIRE(r.recovery.escaped_tokens == m);
      } else {
        REQUIRE(r.recovery.aborted);
        REQUIRE(r.recovery.escaped_tokens == r.tokens);
      }
    }
    CAPTURE(alpha, d, m, missed);
    CHECK(near(missed, n, analytic::unseen(alpha, d, m)));
  }
}

TEST_CASE("audits: 1 / (alpha d) bad boundaries to detection, T / (alpha d) + V of time") {
  constexpr int n = 3000;
  constexpr double alpha = 0.2, d = 0.5;
  double boundaries = 0, squares = 0, time = 0;
  for (std::uint64_t seed = 1; seed <= n; ++seed) {
    Scenario s = of(Timing::sampled_audit, {.tokens = 1000, .window = 1, .seed = seed});
    s.faults.tampering = recovery::Tampering{Duration::raw(1)};
    s.recovery.retry_limit = 0;
    s.verification.audit = {alpha, d};
    const Result r = simulate(s);
    REQUIRE(r.recovery.aborted);
    const double bad = static_cast<double>(r.tokens + 1);  // those kept, and the one that was seen
    boundaries += bad;
    squares += bad * bad;
    // Audits that noticed nothing waited for their verdicts too.
    time += seconds(r.decode) - 3.5e-3 * static_cast<double>(r.verification.checks - 1);
  }
  const double mean = boundaries / n, error = std::sqrt((squares / n - mean * mean) / n);
  CHECK(std::fabs(mean - analytic::boundaries_to_detection(alpha, d)) < kSigmas * error);
  CHECK(time / n == Approx(1e-3 * mean + 3.5e-3).epsilon(1e-9));
}

TEST_CASE("audits check their share and let the others pass at once") {
  Scenario s = of(Timing::sampled_audit, {.tokens = 20'000});
  s.verification.audit.rate = 0.25;
  const Result r = simulate(s);
  CHECK(near(static_cast<double>(r.verification.checks), 20'000, 0.25));
  CHECK(r.verification.checks + r.verification.unseen == 20'000);
  s.verification.audit.rate = 1;
  const Result all = simulate(s), optimistic = simulate(of(Timing::optimistic, {.tokens = 20'000}));
  CHECK(all.total == optimistic.total);
  CHECK(all.verification.exposure_mean == optimistic.verification.exposure_mean);
}

TEST_CASE("challenges: unchallenged boundaries are final after the window, bad ones are caught") {
  Scenario s = of(Timing::challenge_window, {.tokens = 50, .window = 1000});
  s.verification.challenge = {.window = 2_s, .probability = 0, .watch = 1};
  const Result quiet = simulate(s);
  CHECK(quiet.verification.checks == 0);
  CHECK(quiet.recovery.output_commit.max == Approx(2.0));
  CHECK(quiet.total == 50_ms + 2_s);
  s.verification.challenge.probability = 1;
  const Result busy = simulate(s);
  CHECK(busy.verification.checks == 50);
  CHECK(busy.recovery.output_commit.max >= 2.0);
  CHECK(busy.recovery.output_commit.max <= Approx(2.0035));
  s.faults.verdict_failure = 0.2;
  CHECK(simulate(s).recovery.escaped_tokens == 0);
  CHECK(simulate(s).recovery.rollbacks > 0);
  s.verification.challenge.watch = 0;
  const Result blind = simulate(s);
  CHECK(blind.recovery.rollbacks == 0);
  CHECK(blind.recovery.escaped_tokens > 0);
}

TEST_CASE("a watcher of share w lets 1 - w of the bad boundaries escape") {
  Scenario s = of(Timing::challenge_window, {.tokens = 20'000, .window = 100'000});
  s.verification.challenge = {.window = 1_ms, .probability = 0, .watch = 0.7};
  s.faults.verdict_failure = 0.1;
  const Result r = simulate(s);
  // Of all attempts a tenth is bad; of those a share of 0.3 is kept.
  const double p = 0.1 * 0.3 / (1 - 0.1 * 0.7);
  CHECK(near(static_cast<double>(r.recovery.escaped_tokens), 20'000, p));
}

TEST_CASE("an enclave attests once, slows each step, caps copies, and judges nothing") {
  Scenario s = of(Timing::attested_tee, {.tokens = 100, .k = 10});
  s.verification.tee = {.attestation = 2_s,
                        .compute_overhead = 0.07,
                        .small_copy_factor = 44,
                        .copy_rate = BytesPerSecond::raw(4'400'000'000)};
  s.hardware.link.dma_start = Duration::zero();
  const Result r = simulate(s);
  CHECK(r.verification.checks == 0);
  CHECK(r.ttft == 2_s + 1_ms + 70_us);
  // Ten copies of 40 bytes leave it.
  const Duration copy = s.hardware.link.submit * 44 + time_for(40_B, s.verification.tee.copy_rate);
  CHECK(r.decode == (1_ms + 70_us) * 100 + copy * 10);
  CHECK(r.breakdown[Category::enclave] == 70_us * 100 + copy * 10);
  s.faults.tampering = recovery::Tampering{1_ms};
  CHECK(simulate(s).recovery.escaped_tokens == 0);
  s.faults.bit_flips = recovery::BitFlips{20_ms};
  CHECK(simulate(s).recovery.escaped_tokens > 0);
}

TEST_CASE("on load with re-hashing: exposure is the re-hash period and the time of a re-hash") {
  Scenario s = of(Timing::on_load, {.tokens = 20'000});
  s.hardware.link.submit = s.hardware.link.dma_start = s.hardware.gpu.launch.synchronize = 0_us;
  s.verification.on_load.rehash = 400_ms;
  const Result r = simulate(s);
  // A period begins when the last re-hash has ended: tokens of 0.4 s + V wait V to 0.4 s + 2 V.
  const double exposure = (0.4035 / 2 + 3.5e-3) / 1e-3;
  CHECK(r.verification.exposure_mean == Approx(exposure).epsilon(0.03));
  CHECK(static_cast<double>(r.verification.exposure_max) == Approx(407).margin(1));
  CHECK(r.tokens == 20'000);
  s.verification.on_load.rehash = {};
  CHECK(simulate(s).verification.exposure_max <= 1);
}

TEST_CASE("on load: what changes after the check is kept without re-hashing, found with it") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Scenario s = of(Timing::on_load, {.tokens = 3000, .seed = seed});
    s.faults.time_of_use = recovery::TimeOfUse{0.01};
    const Result blind = simulate(s);
    CHECK(blind.recovery.escaped_tokens > 1000);
    CHECK(blind.verification.failures == 0);
    s.verification.on_load.rehash = 50_ms;
    const Result found = simulate(s);
    CHECK(found.recovery.escaped_tokens == 0);
    CHECK(found.recovery.rollbacks > 0);
    CHECK(found.tokens == 3000);
  }
}

TEST_CASE("on load: the anchor is fetched and checked again after its time to live") {
  Scenario s = of(Timing::on_load, {.tokens = 1000});
  s.hardware.link.submit = s.hardware.link.dma_start = s.hardware.gpu.launch.synchronize = 0_us;
  s.verification.on_load.ttl = 100_ms;
  s.recovery.retry.refetch_time = 7_ms;
  const Result r = simulate(s);
  CHECK(r.verification.checks == 1 + 10);
  CHECK(r.breakdown[Category::transfer] >= 70_ms);
  CHECK(seconds(r.decode) == Approx(1.0 + 10 * (7e-3 + 3.5e-3)).margin(1e-6));
}
