#include "sim/system/analytic_recovery.hpp"

#include <algorithm>
#include <cmath>

#include "sim/recovery/boundary_rule.hpp"
#include "sim/system/scheme_cost.hpp"

namespace fieldsim::system {

using verify::Timing;

namespace {

std::int64_t up(std::int64_t a, std::int64_t n) {
  return std::max<std::int64_t>(1, (a + n - 1) / std::max<std::int64_t>(1, n));
}

// Probability that one token is bad, flips of bits while it is generated included.
double bad_token(const recovery::Faults& f, Duration step) {
  const double survives =
      f.bit_flips ? std::exp(-seconds(step) / seconds(f.bit_flips->every)) : 1.0;
  return 1 - (1 - f.token_flip.probability) * survives;
}

// M e^(R/M) (e^(x/M) - 1) - x: Daly 2006, a restart may fail too.
Duration crash_time(const recovery::Faults& f, Duration exposed) {
  if (!f.device_crash) return Duration::zero();
  const double m = seconds(f.device_crash->every), x = seconds(exposed);
  const double all = m * std::exp(seconds(f.device_crash->restart) / m) * (std::exp(x / m) - 1);
  return scaled(Duration::raw(kPsPerSecond), all - x);
}

}  // namespace

Expected expected(const Scenario& s, std::int64_t tokens, Duration step, Duration exposed) {
  const auto& f = s.faults;
  const Timing timing = s.verification.timing;
  const auto k = static_cast<double>(tokens);
  Expected e;
  e.kept = k;
  e.crashes = crash_time(f, exposed);
  const double q = bad_token(f, step);
  const double good = std::pow(1 - q, k);
  const bool judged =
      timing != Timing::none && timing != Timing::on_load && timing != Timing::attested_tee;
  // Tokens from the first bad one on: k less the mean of min(good ones before it, k).
  const double lost = q > 0 ? k - (1 - q) * (1 - good) / q : 0;
  if (!judged) {
    e.escaped = lost;
    return e;
  }
  const double noise = f.noise ? system::noise(s, tokens).mismatch : 0;
  const double bad = 1 - (1 - f.verdict_failure) * good;
  // A good boundary is checked with probability `share`, a bad one with `sees` that it is noticed.
  double share = 1, sees = 1;
  if (timing == Timing::sampled_audit) {
    share = s.verification.audit.rate;
    sees = share * s.verification.audit.sensitivity;
  } else if (timing == Timing::challenge_window) {
    share = s.verification.challenge.probability;
    sees = s.verification.challenge.watch;
  }
  if (timing == Timing::optimistic_verified_prefix && f.verdict_failure == 0 && noise == 0) {
    // The window commits min(X, k) tokens, X geometric.
    e.kept = q > 0 ? (1 - good) / q : k;
    e.failed = 1 - good;
    e.checks = 1;
    return e;
  }
  const double p = bad * sees + (1 - bad) * share * noise;
  // A certain failure aborts; its expectation has no finite value.
  e.failed = p < 1 ? p / (1 - p) : static_cast<double>(s.recovery.retry_limit);
  const double looked_at = timing == Timing::sampled_audit ? share : bad * sees + (1 - bad) * share;
  e.checks = looked_at * (1 + e.failed);
  // What passes although bad.
  if (p < 1)
    e.escaped = (lost * (1 - f.verdict_failure) + k * f.verdict_failure) * (1 - sees) / (1 - p);
  if (f.tampering && sees > 0) {
    // Stays until it is noticed, 1 / sees boundaries later, and ends with another replica.
    const double strikes = seconds(exposed) / seconds(f.tampering->every);
    e.failed += strikes;
    e.escaped += strikes * (1 / sees - 1) * k;
  }
  return e;
}

std::int64_t tokens_per_boundary(const Scenario& s, Duration step, Bytes kv) {
  const verify::BoundaryRules& b = s.verification.boundary.rules();
  std::int64_t n = s.workload.output_tokens;
  const auto offer = [&](std::int64_t tokens) { n = std::min(n, tokens); };
  if (b.every_tokens) offer(*b.every_tokens);
  if (b.every) offer(up(b.every->count(), step.count()));
  if (b.dirty_bytes) offer(up(b.dirty_bytes->count(), kv.count()));
  if (b.semantic_step) offer(*b.semantic_step);
  if (b.external_effect) offer(*b.external_effect);
  if (b.adaptive) {
    const auto& f = s.faults;
    const double silent = f.bit_flips ? 1 / seconds(f.bit_flips->every)
                                      : 1 / seconds(b.adaptive->mean_time_to_failure);
    const double stop = f.device_crash ? 1 / seconds(f.device_crash->every) : 0;
    const double t = recovery::young_interval(seconds(b.adaptive->cost), silent, stop);
    const auto tokens = static_cast<std::int64_t>(std::ceil(t / seconds(step)));
    offer(std::clamp(tokens, b.adaptive->min_tokens, b.adaptive->max_tokens));
  }
  return std::max<std::int64_t>(1, n);
}

}  // namespace fieldsim::system
