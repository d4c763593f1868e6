#pragma once
// Closed forms of commit boundaries, windows and rollback: the oracle of their
// tests. Times in one unit of the caller's. T: generating a boundary; V: from its end to its
// verdict; R: one rollback; p: probability of a failed verdict; tau: one token.
#include <cstdint>

namespace fieldsim::analytic {

// Expected time of n boundaries, stop and wait: n [(T + V) / (1 - p) + R p / (1 - p)].
double synchronous(double n, double T, double V, double R, double p);

// The same behind generation, window never full: n [T + p / (1 - p) (T + V + R)] + V.
double asynchronous(double n, double T, double V, double R, double p);

// Boundaries a unit of time with at most `window` generated or unverified: min(1/T, W/(T + V)).
double window_rate(double T, double V, std::int64_t window);
// The smallest window that never stalls: 1 + ceil(V / T).
std::int64_t smallest_window(std::int64_t T, std::int64_t V);

// Discarded work of an asynchronous run per committed boundary, in boundaries: p / (1 - p) (1 +
// V/T).
double discarded_per_boundary(double T, double V, double p);

// Unverified tokens at a random instant of steady state, tokens counted when they are complete:
// (V + T/2) / tau - 1/2.
double exposure_tokens(double T, double V, double tau);

// Retries limited to r of one boundary (absorbing chain), no rollback after the last failure:
// probability of commit, attempts, time.
double commit_probability(double p, int r);
double expected_attempts(double p, int r);
double expected_time(double T, double V, double R, double p, int r);

// Tokens a boundary from which one verifier of service time S keeps up: ceil(S / tau).
std::int64_t smallest_boundary(std::int64_t service, std::int64_t tau);

}  // namespace fieldsim::analytic
