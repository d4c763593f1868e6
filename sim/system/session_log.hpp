#pragma once
// What a session saw; simulate() turns it into a Result.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/hardware/account.hpp"
#include "sim/recovery/checkpoint.hpp"
#include "sim/recovery/work.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"

namespace fieldsim::system {

struct SessionLog {
  Time anchors_ready;  // retrieved, verified and promoted; the prefill begins
  Time decode_began;   // prefill done, anchors loaded
  Time decode_ended;   // the last kept token generated (and checked, if waited for)
  Time drained;        // the last verdict
  Snapshot at_decode;  // shared parts when decode began
  Duration verifier_at_decode, ledger_at_decode;  // busy so far
  std::vector<Time> token_at;                     // of each kept token
  std::vector<Duration> output_commit;            // of each kept token, generated to released
  hardware::Account anchors;                      // of the prefill's, until they were ready
  hardware::Account prefill, decode;              // critical path
  StepTotals prefill_totals, decode_totals;
  hardware::Account checks;  // all checks, by stage
  std::vector<Duration> check_latency, check_service;
  Bytes payload, evidence;
  Duration proving;  // the prover's, of all steps
  std::int64_t boundaries = 0, verdicts = 0, failures = 0, rollbacks = 0;
  std::int64_t exposure_max = 0, window_max = 0;
  long double exposure_token_ps = 0;  // integral of unverified tokens over time
  Bytes workspace;
  bool aborted = false;
  std::string cannot;  // why the run could not go on; empty when it could

  // Work (invariant I7), tokens of each sequence.
  recovery::Work generated, committed, discarded, in_flight;

  // What went wrong and was not undone.
  std::int64_t escaped_tokens = 0;      // kept although bad
  std::int64_t revoked_boundaries = 0;  // committed on an anchor that was revoked already
  std::int64_t tolerated = 0;           // boundaries accepted with a failed verdict
  std::int64_t unseen = 0;              // boundaries that passed without a look

  // What undoing took.
  std::int64_t false_positives = 0;  // failed verdicts that only noise explains
  std::int64_t retries = 0;
  std::int64_t salvaged_tokens = 0;     // kept of boundaries whose verdict failed
  std::int64_t reprefilled_tokens = 0;  // whose KV was computed again
  std::int64_t compensations = 0, failed_compensations = 0;
  std::int64_t crashes = 0;
  std::int64_t refetches = 0;
  Duration repairing;  // truncating, waiting, fetching, restarting, computing again
  bool degraded = false;

  // What keeping the means to undo took.
  recovery::Retained retained_peak;
  Bytes checkpointed;  // copied at boundaries
};

}  // namespace fieldsim::system
