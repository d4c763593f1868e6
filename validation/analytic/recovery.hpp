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

// Expected time of one useful segment of work T behind a boundary cost C, failures found at the
// boundary with hazard L while working, each costing A = V + R more: e^{LT} (T + C) + (e^{LT} - 1)
// A.
double silent_segment(double T, double C, double A, double L);
// The work that makes silent_segment / work least: e^{LT} [LT (T + C + A) - (C + A)] + A = 0.
double silent_interval(double C, double A, double L);

// The same for fail-stop failures of mean time M, noticed at once, also while the checkpoint of
// length C is written and while restarting takes R: M e^{R/M} (e^{(T + C)/M} - 1). Daly 2006.
double fail_stop_segment(double T, double C, double R, double M);
double fail_stop_interval(double C, double M);  // exact, of the expression above
// Daly's own approximation: sqrt(2CM) [1 + sqrt(C/2M)/3 + (C/2M)/9] - C for C < 2M, else M.
double daly_interval(double C, double M);

// A window of W tokens, each bad with probability q, keeps min(X, W), X geometric:
// (1 - (1 - q)^W) / q tokens; discarded over committed: W q / (1 - (1 - q)^W) - 1.
double kept_of_window(double W, double q);
double recomputed_share(double W, double q);

// Audits of a share alpha of the boundaries with sensitivity d: m bad ones in a row unseen.
double unseen(double alpha, double d, double m);
double boundaries_to_detection(double alpha, double d);

// An anchor is used although revoked, its revocations of rate rho known by an answer of this age.
double stale_use(double rho, double age);

// A verdict fails on noise alone: pi [1 - (1 - p)^n].
double false_positive(double pi, double p, double n);

// Tokens a boundary from which one verifier of service time S keeps up: ceil(S / tau).
std::int64_t smallest_boundary(std::int64_t service, std::int64_t tau);

}  // namespace fieldsim::analytic
