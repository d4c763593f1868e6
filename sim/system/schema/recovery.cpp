#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace recovery;

namespace {

Schema<RetryParams> retry_schema() {
  using P = RetryParams;
  Schema<P> s("retry", "How a failed boundary is tried again");
  s.field("backoff", &P::backoff, "before the first retry of a boundary")
      .at_least(Duration::zero())
      .field("backoff_factor", &P::backoff_factor, "of each further one")
      .range(1.0, 1000.0)
      .choice("refetch", &P::refetch,
              {{"none", Refetch::none, "the same copy is used again"},
               {"replica", Refetch::replica, "the anchor is fetched from another replica"}},
              "where a retry gets the failed object from")
      .field("refetch_time", &P::refetch_time, "until the replica's answer is on the device")
      .at_least(Duration::zero())
      .choice("exhausted", &P::exhausted,
              {{"abort", Exhausted::abort, "the run ends there"},
               {"pessimistic", Exhausted::pessimistic, "stop and wait from there on"},
               {"tolerate", Exhausted::tolerate, "the boundary is accepted, and counted as such"}},
              "when retry_limit is used up");
  return s;
}

Schema<CompensationParams> compensation_schema() {
  using P = CompensationParams;
  Schema<P> s("compensation", "Undoing an effect on the world (saga)");
  s.field("time", &P::time, "of one compensation")
      .at_least(Duration::zero())
      .field("success", &P::success, "probability; a failed one leaves the effect escaped")
      .range(0.0, 1.0);
  return s;
}

Schema<RetainedParams> retained_schema() {
  using P = RetainedParams;
  Schema<P> s("retained", "State kept until its verdict, to roll back with");
  s.field("limit", &P::limit, "bytes; without one, what device memory leaves")
      .at_least(Bytes::zero())
      .choice("overflow", &P::overflow,
              {{"throttle", Overflow::throttle, "generation waits for a verdict"},
               {"error", Overflow::error, "the run ends with an error"}},
              "when it does not fit")
      .shorthand("limit");
  return s;
}

std::vector<config::Choice<Rollback>> scopes() {
  return {
      {"suffix", Rollback::suffix, "the session's own work from the failed boundary on"},
      {"session_restart", Rollback::session_restart, "all that the session has generated"},
      {"cascading_closure", Rollback::cascading_closure, "whatever derives from it, everywhere"},
      {"selective_revalidation", Rollback::selective_revalidation,
       "the closure, but what recomputes to the same value is kept"},
      {"compensate_only", Rollback::compensate_only,
       "nothing is truncated: effects are compensated, generation goes on"}};
}

std::vector<config::Choice<OutputCommit>> output_commits() {
  return {{"hold_until_verified", OutputCommit::hold_until_verified,
           "a token or an effect is released with its boundary's verdict"},
          {"transactional_outbox", OutputCommit::transactional_outbox,
           "effects wait in an outbox, tokens are held"},
          {"release_and_compensate", OutputCommit::release_and_compensate,
           "released when made; a rollback compensates in reverse order (saga)"},
          {"tiered_by_effect", OutputCommit::tiered_by_effect,
           "read-only: released; compensatable: saga; irreversible: held"},
          {"stream_with_retraction", OutputCommit::stream_with_retraction,
           "released when generated; a rollback retracts"}};
}

std::vector<config::Choice<Visibility>> visibilities() {
  return {{"strict", Visibility::strict, "readers wait until what they could see is verified"},
          {"read_committed", Visibility::read_committed, "readers see the last verified version"},
          {"snapshot", Visibility::snapshot, "a step reads the verified versions of its beginning"},
          {"read_uncommitted", Visibility::read_uncommitted,
           "readers see it at once and are tracked: aborts cascade"},
          {"quarantine", Visibility::quarantine,
           "readers see it flagged; their own boundary waits for its verdict"}};
}

}  // namespace

Schema<RecoveryParams> recovery_schema() {
  using P = RecoveryParams;
  Schema<P> s("recovery", "What a failed verdict undoes");
  s.choice("rollback", &P::rollback, scopes(), "scope of a rollback")
      .field("unchanged", &P::unchanged,
             "probability that a reader's state recomputes to the same (selective_revalidation)")
      .range(0.0, 1.0)
      .field("retry_limit", &P::retry_limit, "failed verdicts of one boundary before it gives up")
      .range(0, 1 << 20)
      .section("retry", &P::retry, retry_schema(), "how a failed boundary is tried again")
      .choice("output_commit", &P::output_commit, output_commits(), "when output counts")
      .section("compensation", &P::compensation, compensation_schema(), "undoing effects")
      .choice("visibility", &P::visibility, visibilities(),
              "who may read a memory whose writer is not verified")
      .choice("checkpoint", &P::checkpoint,
              {{"cow_blocks", Checkpoint::cow_blocks, "KV blocks shared until written"},
               {"full_copy_device", Checkpoint::full_copy_device, "new KV copied on the device"},
               {"full_copy_host", Checkpoint::full_copy_host, "new KV copied to the host"},
               {"recompute", Checkpoint::recompute, "nothing is kept; the suffix is prefilled"}},
              "what a rollback restores the KV cache from")
      .field("checkpoint_cost", &P::checkpoint_cost,
             "of a boundary, not overlapped with generation, besides the copies")
      .at_least(Duration::zero())
      .section("retained", &P::retained, retained_schema(), "state kept until its verdict")
      .field("truncate", &P::truncate, "updating the block tables after a failed verdict")
      .at_least(Duration::zero());
  return s;
}

}  // namespace fieldsim::system
