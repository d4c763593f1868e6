#include "sim/system/applies.hpp"

namespace fieldsim::system {

using recovery::OutputCommit;
using recovery::Refetch;
using recovery::Rollback;
using verify::Consistency;
using verify::Timing;

namespace {

bool judges_boundaries(Timing t) {
  return t != Timing::none && t != Timing::on_load && t != Timing::attested_tee;
}

bool reads_ledger(const Scenario& s) {
  return s.verification.timing != Timing::none && s.verification.timing != Timing::attested_tee &&
         s.verification.ledger.consistency != Consistency::none;
}

void timing_keys(const Scenario& s, std::vector<std::string>& w) {
  const auto& v = s.verification;
  const auto belongs = [&](bool given, const char* key, Timing timing, const char* name) {
    if (given && v.timing != timing)
      w.push_back(std::string("verification.") + key +
                  " has no effect: it belongs to verification.timing: " + name);
  };
  belongs(v.on_load != verify::OnLoadParams{}, "on_load", Timing::on_load, "on_load");
  belongs(v.audit != verify::AuditParams{}, "audit", Timing::sampled_audit, "sampled_audit");
  belongs(v.challenge != verify::ChallengeParams{}, "challenge", Timing::challenge_window,
          "challenge_window");
  belongs(v.tee != verify::TeeParams{}, "tee", Timing::attested_tee, "attested_tee");
}

void fault_keys(const Scenario& s, std::vector<std::string>& w) {
  const auto& f = s.faults;
  const Timing t = s.verification.timing;
  const auto says = [&](bool when, const char* text) {
    if (when) w.push_back(text);
  };
  says(f.noise && f.noise->elements && *f.noise->elements == 0,
       "faults.noise has no effect: its elements are 0, only stored bytes are hashed");
  says(f.noise && !judges_boundaries(t),
       "faults.noise has no effect: no boundary's state is recomputed with this timing");
  says(t == Timing::attested_tee && (f.tampering || f.time_of_use),
       "faults.tampering and time_of_use have no effect: the enclave keeps others out");
  const bool ledger =
      f.ledger.revoked_every || f.ledger.equivocation > 0 || f.ledger.partition_every;
  says(ledger && !reads_ledger(s), "faults.ledger has no effect: no ledger is read");
  says((f.verifier_crash || f.slow_verifier) && (t == Timing::none || t == Timing::attested_tee),
       "faults.verifier_crash and slow_verifier have no effect: nothing is checked");
  says(s.verification.ledger.partition == verify::Partition::fail_open && !f.ledger.partition_every,
       "verification.ledger.partition has no effect: faults.ledger.partition_every is not given");
}

// Of one session.
void recovery_keys(const Scenario& s, std::vector<std::string>& w) {
  const auto& r = s.recovery;
  const auto says = [&](bool when, const char* text) {
    if (when) w.push_back(text);
  };
  says(r.compensation != recovery::CompensationParams{} && r.rollback != Rollback::compensate_only,
       "recovery.compensation has no effect: one session compensates only with rollback: "
       "compensate_only");
  says(r.rollback == Rollback::cascading_closure || r.rollback == Rollback::selective_revalidation,
       "recovery.rollback: in one session the closure of a boundary is its suffix");
  says(r.visibility != recovery::Visibility::read_committed,
       "recovery.visibility has no effect: one session has no other readers");
  says(r.output_commit == OutputCommit::transactional_outbox ||
           r.output_commit == OutputCommit::tiered_by_effect,
       "recovery.output_commit: one session has tokens and no effects; an outbox holds them, tiers "
       "release them");
  says(r.retry.refetch_time > Duration::zero() && r.retry.refetch == Refetch::none &&
           !s.faults.ledger.revoked_every && !s.verification.on_load.ttl,
       "recovery.retry.refetch_time has no effect: nothing is fetched again");
}

}  // namespace

std::vector<std::string> without_effect(const Scenario& s) {
  std::vector<std::string> w;
  timing_keys(s, w);
  fault_keys(s, w);
  if (!s.workload.agents) recovery_keys(s, w);
  return w;
}

std::vector<Problem> beyond_closed_forms(const Scenario& s) {
  std::vector<Problem> p;
  const auto refuse = [&](bool when, const char* path, const char* why) {
    if (when)
      p.push_back(
          {{}, path, std::string(why) + "; fidelity analytic does not model it: take event", ""});
  };
  const auto& f = s.faults;
  const auto& r = s.recovery;
  const auto& v = s.verification;
  const bool fetched = r.retry.refetch == Refetch::replica;
  refuse(f.tampering && !fetched, "faults.tampering", "stays until another replica is fetched");
  refuse(f.tampering && !judges_boundaries(v.timing), "faults.tampering",
         "is not looked for at each boundary");
  refuse(f.time_of_use.has_value(), "faults.time_of_use", "is found by a later check, or never");
  refuse(f.ledger.revoked_every.has_value(), "faults.ledger.revoked_every",
         "depends on when each head was read");
  refuse(f.ledger.equivocation > 0, "faults.ledger.equivocation", "is a matter of chance");
  refuse(f.ledger.partition_every.has_value(), "faults.ledger.partition_every",
         "makes checks wait for each other");
  refuse(f.verifier_crash.has_value(), "faults.verifier_crash", "makes checks begin again");
  refuse(f.slow_verifier.has_value(), "faults.slow_verifier", "makes verdicts overtake each other");
  refuse(r.rollback == Rollback::session_restart, "recovery.rollback",
         "session_restart undoes what was committed");
  refuse(r.rollback == Rollback::compensate_only, "recovery.rollback",
         "compensate_only keeps what failed");
  refuse(r.checkpoint == recovery::Checkpoint::full_copy_device ||
             r.checkpoint == recovery::Checkpoint::full_copy_host,
         "recovery.checkpoint", "copies contend with decoding");
  refuse(r.checkpoint == recovery::Checkpoint::recompute, "recovery.checkpoint",
         "recompute depends on where the context stands");
  refuse(r.retry.backoff > Duration::zero() || r.retry.exhausted != recovery::Exhausted::abort,
         "recovery.retry", "depends on how often a boundary fails");
  refuse(r.retained != recovery::RetainedParams{}, "recovery.retained", "closes boundaries early");
  refuse(v.timing == Timing::optimistic_verified_prefix && v.window > 1 &&
             (f.token_flip.probability > 0 || f.bit_flips),
         "verification.window", "more than one unverified window loses those behind the bad one");
  refuse(v.timing == Timing::on_load && v.on_load.rehash && f.bit_flips, "verification.on_load",
         "what a re-hash finds depends on when it was changed");
  return p;
}

}  // namespace fieldsim::system
