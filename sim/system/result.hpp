#pragma once
// What a run found: the numbers of the result JSON, in units.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"
#include "sim/recovery/work.hpp"
#include "sim/serving/anchor_cache.hpp"
#include "sim/system/agents/result.hpp"
#include "sim/system/program.hpp"
#include "sim/system/requests/result.hpp"

namespace fieldsim::system {

struct Distribution {
  double mean = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;  // s
};
// Percentiles by nearest rank; zeros for no values.
Distribution distribution(std::vector<Duration> values);

struct ResourceUse {
  std::string name;
  Bytes bytes;             // moved; zero for what moves none
  Duration busy;           // at least one user; for k servers, the sum over them / k
  double utilization = 0;  // of the decode phase
  bool bound = false;      // most of the critical path waits for this one
};

struct Phase {
  Duration time;
  StepTotals totals;        // whole phase
  hardware::Account spent;  // on the critical path
};

struct VerificationResult {
  std::int64_t boundaries = 0;  // committed
  std::int64_t checks = 0;      // verdicts delivered
  std::int64_t failures = 0;
  Bytes payload_bytes;       // checked, all boundaries
  Distribution latency;      // boundary closed to verdict, s
  hardware::Account spent;   // mean of one check by stage, whoever waits for it
  double service_s = 0;      // mean time of a worker on one check
  double utilization = 0;    // of the workers, decode phase
  double exposure_mean = 0;  // unverified tokens at a random instant
  std::int64_t exposure_max = 0;
  double exposure_s = 0;  // mean time that a kept token stayed unverified
  std::int64_t window_max = 0;
  std::int64_t false_positives = 0;     // good boundaries refused for noise
  Bytes evidence;                       // published, all checks
  Duration proving;                     // the prover's, all steps
  std::int64_t unseen = 0;              // boundaries that passed without a look
  std::int64_t revoked_boundaries = 0;  // committed on an anchor that was revoked already
  std::int64_t restarted_checks = 0;    // begun again after a crash of the verifier
  std::int64_t lies_accepted = 0, lies_noticed = 0;  // answers of an equivocating ledger
  std::int64_t old_heads = 0;  // reads that fail_open answered from an old head
  Duration partition_wait;     // reads waited for a partition to end
};

struct RecoveryResult {
  std::int64_t rollbacks = 0;
  std::int64_t discarded_tokens = 0;  // of each sequence
  bool aborted = false;               // a boundary failed more often than the retry limit
  Distribution output_commit;         // token generated to token released, s
  bool degraded = false;              // to stop and wait, after its retries
  // Work since the prefill, all sequences' energy and bytes: generated = committed + discarded +
  // in_flight.
  recovery::Work generated, committed, discarded, in_flight;
  std::int64_t escaped_tokens = 0;   // kept although bad, of each sequence
  std::int64_t tolerated = 0;        // boundaries accepted with a failed verdict
  std::int64_t false_positives = 0;  // failed verdicts that only noise explains
  std::int64_t retries = 0;
  std::int64_t refetches = 0;           // of the anchor from another replica
  std::int64_t salvaged_tokens = 0;     // kept of boundaries whose verdict failed
  std::int64_t reprefilled_tokens = 0;  // whose KV was computed again
  std::int64_t compensations = 0, failed_compensations = 0;
  std::int64_t crashes = 0;
  Duration repairing;  // truncating, waiting, fetching, restarting, computing again
  Bytes checkpointed;  // copied at boundaries
};

struct AnchorResult {
  serving::AnchorStats stats;
  Duration ready;          // from the start until the last set was promoted
  hardware::Account path;  // of it, the critical path by stage
};

struct MemoryUse {
  Bytes weights, kv, anchors, workspace, total, capacity;
  Bytes retained;       // device memory that waited for a verdict: pages of the KV, and copies
  Bytes retained_host;  // tables, copies or token ids in host memory for the same
  Bytes evidence;       // kept for the audit window; in `total` where it lies on the device
  bool fits = true;
};

struct SimulationUse {
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
  std::uint64_t kernels_elided = 0;
  double wall_s = 0;
};

struct Result {
  std::int64_t tokens = 0;  // kept, each sequence
  std::int64_t batch = 1;
  double tokens_per_s = 0;            // all sequences, while generating
  double committed_tokens_per_s = 0;  // the same until the last verdict
  double goodput = 0;                 // of these, the tokens that are good
  Duration ttft, decode, drain, total;
  Distribution tpot;
  hardware::Account breakdown;  // decode phase, critical path, total
  std::vector<ResourceUse> resources;
  Phase prefill, decode_phase;
  VerificationResult verification;
  RecoveryResult recovery;
  std::optional<AnchorResult> anchors;
  MemoryUse memory;
  double energy_j_per_token = 0;
  SimulationUse simulation;
  std::optional<AgentsResult> agents;
  std::optional<RequestsResult> requests;
  std::vector<std::string> warnings;
};

}  // namespace fieldsim::system
