#pragma once
// Small agents runs: every time chosen by the test, everything recorded for the audit.
#include <catch2/catch.hpp>
#include <string>

#include "sim/recovery/invariants.hpp"
#include "sim/report/json.hpp"
#include "sim/system/agents/run.hpp"
#include "tests/unit/system/scenario.hpp"

namespace fieldsim::system::test {

struct Audited {
  Result result;
  recovery::AgentsRecord record;
  std::vector<std::string> violations;
  const AgentsResult& agents() const { return *result.agents; }
};

inline Scenario few_agents() {
  static const Scenario base = from_text(R"(
hardware: h200-sxm
model: llama-3.1-8b
workload:
  agents:
    count: 24
    steps: 12
    context_tokens: 512
    context_limit: 4096
    step_tokens: {uniform: [4, 60]}
    memory: {objects: 40, skew: 0.5, reads: 2, writes: 1}
    tool: {probability: 0.7, latency: {exponential: 100 ms}, result_tokens: 30,
           effects: {read_only: 0.3, compensatable: 0.4, irreversible: 0.3}}
    messages: {probability: 0.3, tokens: 20}
    think: {exponential: 50 ms}
attention: {kernel: fused, anchor_tokens: 64}
verification:
  timing: optimistic
  boundary: {every_tokens: 24}
  window: 6
  workers: 4
  payload: new_kv
  ledger: {consistency: linearizable, round_trip: 200 ms}
faults: {verdict_failure: 0.05}
recovery: {rollback: cascading_closure, visibility: read_committed, retry_limit: 1000,
           output_commit: tiered_by_effect}
)")
                                   .scenario;
  return base;
}

inline Audited audited(const Scenario& s, recovery::Sabotage sabotage = recovery::Sabotage::none) {
  Audited a;
  a.result = simulate_agents(s, nullptr, &a.record, sabotage);
  a.violations = recovery::violations(a.record);
  return a;
}

inline std::string first_of(const Audited& a) {
  return a.violations.empty() ? "" : a.violations.front();
}

inline const recovery::Visibility kVisibilities[] = {
    recovery::Visibility::strict, recovery::Visibility::read_committed,
    recovery::Visibility::snapshot, recovery::Visibility::read_uncommitted,
    recovery::Visibility::quarantine};
inline const recovery::OutputCommit kOutputCommits[] = {
    recovery::OutputCommit::hold_until_verified, recovery::OutputCommit::transactional_outbox,
    recovery::OutputCommit::release_and_compensate, recovery::OutputCommit::tiered_by_effect,
    recovery::OutputCommit::stream_with_retraction};
inline const recovery::Rollback kRollbacks[] = {
    recovery::Rollback::suffix, recovery::Rollback::session_restart,
    recovery::Rollback::cascading_closure, recovery::Rollback::selective_revalidation,
    recovery::Rollback::compensate_only};
inline const verify::Timing kTimings[] = {verify::Timing::none,
                                          verify::Timing::pessimistic,
                                          verify::Timing::on_load,
                                          verify::Timing::optimistic,
                                          verify::Timing::optimistic_verified_prefix,
                                          verify::Timing::sampled_audit,
                                          verify::Timing::challenge_window,
                                          verify::Timing::attested_tee};

}  // namespace fieldsim::system::test
