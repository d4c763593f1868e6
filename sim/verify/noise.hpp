#pragma once
// Hashes of INT8 codes that were computed twice: how often floating-point noise makes a true hash
// differ, and what each way of avoiding that leaves, publishes and costs.
//
// A code flips when noise eta carries a value over a rounding boundary. Boundaries lie one step s
// apart and the value's place between two of them is uniform (s is far below the spread of the
// values), so P(flip) = E|eta| / s. Derivations and their Monte-Carlo checks: docs/model.md,
// "Floating-point noise".
#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"

namespace fieldsim::verify {

// The distribution of eta, the difference of two nodes' values of one element. `spread` is in steps
// of the quantiser: the bound of a uniform one, sigma of a Gaussian one, sigma of each node where
// two noisy nodes differ by sqrt(2) sigma.
enum class NoiseLaw { uniform, gaussian, two_nodes };

// E (|eta| - guard)+ in steps; guard 0 gives E|eta|, which is the flip probability.
double mean_excess(NoiseLaw law, double spread, double guard);
// P(|eta| > bound), in steps.
double exceeds(NoiseLaw law, double spread, double bound);
// P(flip), at most 1: uniform spread / 2, gaussian sqrt(2 / pi) spread, two_nodes 2 spread /
// sqrt(pi).
double flip_probability(NoiseLaw law, double spread);
// The spread that gives this flip probability.
double spread_of(NoiseLaw law, double flip);
// Share of values that noise of at most `bound` steps can reach: 2 bound, at most 1.
double at_risk(double bound);

// P(any of n flips) = 1 - (1 - p)^n, by powers and not through a logarithm: the same on every
// machine.
double any_flips(double flip, std::int64_t elements);

// P(a true hash differs) = diverges * (1 - (1 - flip)^elements). Flips are clustered: only a share
// of runs diverges at all (another kernel, another batch shape). elements 0: stored bytes are
// hashed and nothing can differ.
double false_positive(double diverges, double flip, std::int64_t elements);

// 20 log10(127 sqrt(12) / clip) dB: a Gaussian of standard deviation 1 in 255 codes that clip at
// `clip`.
double sqnr_db(double clip);

// What is done about it; each names the check that is left to make.
enum class Mitigation {
  none,             // the codes are hashed as they come
  stored_bytes,     // the canonical bytes in memory are hashed; nothing is recomputed
  guard_band,       // the prover masks elements near a rounding boundary
  rounding_hints,   // the prover publishes fractional bits; the verifier rounds around them
  lsb_syndrome,     // an error-correcting syndrome of the codes' lowest bits
  threshold,        // codes are compared within a tolerance, not hashed
  integer_kernels,  // exact integer products; what attention touches still differs
  batch_invariant,  // kernels with one order of summation: the same bits on the same parts
};
struct MitigationParams {
  Mitigation kind = Mitigation::none;
  double guard = 0.15;    // guard_band: distance to a rounding boundary, in steps, below 1/2
  std::int64_t bits = 4;  // rounding_hints
  double tolerance = 1;   // threshold: codes that may differ
  double exposed = 1.0;   // integer_kernels: share of the elements that attention still reaches
  std::optional<double> overhead = {};  // of a decode step; else the published one of the kind
};

// Noise of one boundary.
struct NoiseSpec {
  double diverges = 1.0;
  NoiseLaw law = NoiseLaw::gaussian;
  double spread = 0;  // steps
  std::int64_t elements = 0;
};

// What a mitigation leaves.
struct Mitigated {
  double flip = 0;            // of an element that is still compared
  double elements = 0;        // of those
  double mismatch = 0;        // probability that a true boundary is refused
  double evidence_bits = 0;   // published beside the digest
  std::int64_t corrects = 0;  // lsb_syndrome: flips it repairs
  double overhead = 0;        // share of a decode step's time
};
Mitigated mitigated(const NoiseSpec& noise, const MitigationParams& params);

// P(X > t) for X ~ Binomial(n, p).
double binomial_tail(std::int64_t n, double p, std::int64_t t);
// Flips that a syndrome is laid out for: n p + 5 sqrt(n p), and so many that more happen with a
// probability below 1e-6.
std::int64_t syndrome_capacity(std::int64_t elements, double flip);

}  // namespace fieldsim::verify
