#pragma once
// What a scenario says under `recovery`: how much a failed verdict undoes, what may leave the
// system before its verdict, who may read what is not verified, and what is kept to undo it with.
// Names: Elnozahy et al., ACM CSUR 2002 (output commit); Garcia-Molina & Salem, SIGMOD 1987
// (sagas); Bernstein, Hadzilacos & Goodman 1987 (cascading aborts, read committed).
#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"

namespace fieldsim::recovery {

// Which work a failed verdict undoes.
enum class Rollback {
  suffix,                  // the session's own work from the failed boundary on
  session_restart,         // everything the session has generated
  cascading_closure,       // whatever derives from the failed boundary, in every session
  selective_revalidation,  // the closure, but what recomputes to the same value is kept
  compensate_only,         // nothing is truncated: effects are compensated, generation goes on
};

// When output counts, and what an effect on the world waits for.
enum class OutputCommit {
  hold_until_verified,     // a token or an effect is released with its boundary's verdict
  transactional_outbox,    // effects wait in an outbox in host memory, tokens are held
  release_and_compensate,  // a saga: released when made; a rollback compensates in reverse order
  tiered_by_effect,        // read-only: released; compensatable: saga; irreversible: held
  stream_with_retraction,  // released when generated; a rollback retracts
};

// Who may read a memory whose writer is not verified.
enum class Visibility {
  strict,            // nobody, and a reader waits until every write it could see is verified
  read_committed,    // readers see the last verified version: no cascading aborts
  snapshot,          // a step reads the verified versions of the moment at which it began
  read_uncommitted,  // readers see it at once and are tracked: aborts cascade
  quarantine,        // readers see it flagged, and their own boundary waits for its verdict
};

// What a rollback restores the KV cache from.
enum class Checkpoint {
  cow_blocks,        // blocks shared by reference, copied when written: a table update
  full_copy_device,  // a copy of the new KV in device memory at each boundary
  full_copy_host,    // the same in host memory, over the link
  recompute,         // nothing is kept: the tainted suffix is prefilled again
};

// A window of retained state that does not fit.
enum class Overflow { throttle, error };
struct RetainedParams {
  std::optional<Bytes> limit;  // of unverified state; without one, what memory leaves
  Overflow overflow = Overflow::throttle;
  bool operator==(const RetainedParams&) const = default;
};

// Where a retry gets the failed object from, and what follows when retries are used up.
enum class Refetch { none, replica };
enum class Exhausted { abort, pessimistic, tolerate };
struct RetryParams {
  Duration backoff;           // before the first retry of a boundary
  double backoff_factor = 2;  // of each further one
  Refetch refetch = Refetch::none;
  Duration refetch_time;  // another replica's answer; a persistent fault ends with it
  Exhausted exhausted = Exhausted::abort;
  bool operator==(const RetryParams&) const = default;
};

struct CompensationParams {
  Duration time = Duration::raw(kPsPerSecond / 5);  // of one compensation, 200 ms (assumed)
  double success = 1.0;                             // a failed one leaves the effect escaped
  bool operator==(const CompensationParams&) const = default;
};

struct RecoveryParams {
  Rollback rollback = Rollback::suffix;
  double unchanged = 0.5;  // selective_revalidation: that recomputing gives the same (assumed)
  std::int64_t retry_limit = 3;  // failed verdicts of one boundary
  RetryParams retry;
  OutputCommit output_commit = OutputCommit::hold_until_verified;
  CompensationParams compensation;
  Visibility visibility = Visibility::read_committed;
  Checkpoint checkpoint = Checkpoint::cow_blocks;
  Duration checkpoint_cost;  // of a boundary that cannot overlap generation, besides the copies
  RetainedParams retained;
  Duration truncate = Duration::raw(5'000'000);  // block-table update, 5 us (assumed)
};

}  // namespace fieldsim::recovery
