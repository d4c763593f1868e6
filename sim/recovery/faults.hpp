#pragma once
// What a scenario says under `faults`: what goes wrong, how often, and whether it stays. A rate is
// given by its mean time, of an exponential distribution, counted in time spent generating.
#include <optional>

#include "sim/base/units.hpp"
#include "sim/verify/faults.hpp"
#include "sim/verify/noise.hpp"

namespace fieldsim::recovery {

// A bit flips in device memory: found by the boundary's own verdict, gone after its rollback.
struct BitFlips {
  Duration every = Duration::raw(1000 * kPsPerSecond);
};

// The anchor itself is false: every verdict fails until another replica is fetched.
struct Tampering {
  Duration every = Duration::raw(1000 * kPsPerSecond);
};

// Changed after its check and before its use: a later re-hash may find it, its own verdict cannot.
struct TimeOfUse {
  double probability = 0;  // of a boundary
};

// Floating-point noise makes a true hash differ: a share of runs diverges (another kernel or batch
// shape), and then each element's INT8 code flips on its own: 1 - (1 - p)^n of them mismatch.
struct Noise {
  double diverges = 1.0;  // share of boundaries whose recomputation diverges
  verify::NoiseLaw law = verify::NoiseLaw::gaussian;
  std::optional<double> flip =
      {};              // E|eta| / s: probability that one element's code flips; else from
  double sigma = 0.0;  // the noise of one element, in the unit of ...
  double scale = 1.0;  // ... the quantiser's step
  std::optional<std::int64_t> elements =
      {};                   // recomputed at a boundary; none: those of the payload
  bool systematic = false;  // a retry meets the same noise

  // `payload` are the elements of a boundary's payload, for when none are given.
  verify::NoiseSpec spec(std::int64_t payload) const {
    return {.diverges = diverges,
            .law = law,
            .spread = flip ? verify::spread_of(law, *flip) : sigma / scale,
            .elements = elements.value_or(payload)};
  }
};

// A token comes out different on its own: another kernel or batch shape, a soft error in arithmetic
// (LLM-42 sees about 0.4 % a token, verification.md 4.7).
struct TokenFlip {
  double probability = 0;  // of a token
};

using verify::Crash;
using verify::LedgerFaults;
using verify::SlowVerifier;

struct Faults {
  double verdict_failure = 0.0;  // probability that a boundary's verdict is "no"
  TokenFlip token_flip;
  std::optional<BitFlips> bit_flips;
  std::optional<Tampering> tampering;
  std::optional<TimeOfUse> time_of_use;
  std::optional<Noise> noise;
  LedgerFaults ledger;
  std::optional<Crash> device_crash;
  std::optional<Crash> verifier_crash;
  std::optional<SlowVerifier> slow_verifier;
};

}  // namespace fieldsim::recovery
