#pragma once
// What goes wrong with the verifier and the ledger, not with what they check.
#include <optional>

#include "sim/base/units.hpp"

namespace fieldsim::verify {

// The ledger: anchors are revoked, replicas lie, partitions come and go.
struct LedgerFaults {
  std::optional<Duration> revoked_every;  // one anchor's mean time to revocation
  double equivocation = 0;                // of a read: the answer is not the log's
  std::optional<Duration> partition_every;
  Duration partition_lasts = Duration::raw(30 * kPsPerSecond);
};

// Fail-stop faults. `every` is the mean of an exponential distribution, `restart` is constant.
struct Crash {
  Duration every = Duration::raw(3600 * kPsPerSecond);
  Duration restart = Duration::raw(10 * kPsPerSecond);
};

// A check takes `factor` times as long.
struct SlowVerifier {
  double probability = 0;
  double factor = 10;
};

struct VerifierFaults {
  LedgerFaults ledger;
  std::optional<Crash> crash;
  std::optional<SlowVerifier> slow;
};

}  // namespace fieldsim::verify
