// The invariants of rollback-recovery over every combination of policies, and the audit itself.
#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using recovery::OutputCommit;
using recovery::Rollback;
using recovery::Sabotage;
using recovery::Visibility;
using verify::Timing;

TEST_CASE("no invariant is violated under any visibility, output commit and rollback scope") {
  for (const Visibility v : kVisibilities)
    for (const OutputCommit o : kOutputCommits)
      for (const Rollback r : kRollbacks) {
        Scenario s = few_agents();
        s.recovery.visibility = v;
        s.recovery.output_commit = o;
        s.recovery.rollback = r;
        const Audited a = audited(s);
        CAPTURE(static_cast<int>(v), static_cast<int>(o), static_cast<int>(r), first_of(a));
        REQUIRE(a.violations.empty());
        REQUIRE(a.agents().finished == 24);
        REQUIRE(a.agents().tokens.in_flight == 0);
        REQUIRE(a.result.recovery.rollbacks > 0);
      }
}

TEST_CASE("no invariant is violated under any timing and boundary rule") {
  for (const Timing t : kTimings)
    for (int rule = 0; rule < 7; ++rule) {
      Scenario s = few_agents();
      s.verification.timing = t;
      s.verification.challenge.window = 500_ms;
      s.recovery.visibility = Visibility::read_uncommitted;
      s.verification.boundary = {};
      verify::BoundaryRules& r = s.verification.boundary;
      if (rule == 0) r.every_tokens = 7;
      if (rule == 1) r.every = 80_ms;
      if (rule == 2) r.dirty_bytes = 4_MiB;
      if (rule == 3) r.semantic_step = 1;
      if (rule == 4) r.external_effect = 1;
      if (rule == 5) r.adaptive = verify::AdaptiveParams{};
      if (rule == 6) {
        s.verification.boundary.hybrid = verify::BoundaryRules{};
        s.verification.boundary.hybrid->every_tokens = 50;
        s.verification.boundary.hybrid->semantic_step = 1;
      }
      const Audited a = audited(s);
      CAPTURE(static_cast<int>(t), rule, first_of(a));
      REQUIRE(a.violations.empty());
      REQUIRE(a.agents().finished == 24);
    }
}

TEST_CASE("a run that is cut off keeps its books") {
  for (const Duration d : {700_ms, 1500_ms, 3777_ms}) {
    Scenario s = few_agents();
    s.workload.agents->duration = d;
    const Audited a = audited(s);
    CAPTURE(d.count(), first_of(a));
    CHECK(a.violations.empty());
    CHECK(a.agents().tokens.in_flight > 0);
    CHECK(a.result.total == d);
  }
}

TEST_CASE("each planted fault is found, by its own invariant") {
  struct Planted {
    Sabotage sabotage;
    OutputCommit output_commit;
    const char* invariant;
  };
  for (const Planted& p :
       {Planted{Sabotage::orphan_left, OutputCommit::tiered_by_effect, "I2"},
        Planted{Sabotage::compensation_order, OutputCommit::release_and_compensate, "I6"},
        Planted{Sabotage::leaked_block, OutputCommit::tiered_by_effect, "I8"},
        Planted{Sabotage::early_release, OutputCommit::tiered_by_effect, "I1"}}) {
    Scenario s = few_agents();
    s.recovery.visibility = Visibility::read_uncommitted;
    s.recovery.output_commit = p.output_commit;
    s.verification.window = 12;
    const Audited a = audited(s, p.sabotage);
    CAPTURE(p.invariant, first_of(a));
    REQUIRE_FALSE(a.violations.empty());
    CHECK(first_of(a).rfind(p.invariant, 0) == 0);
  }
}

TEST_CASE("a certain failure ends in agents that give up, not in a loop") {
  Scenario s = few_agents();
  s.faults.verdict_failure = 1;
  s.recovery.retry_limit = 2;
  const Audited a = audited(s);
  CHECK(a.agents().aborted == 24);
  CHECK(a.agents().tokens.committed == 0);
  CHECK(a.violations.empty());
  s.recovery.retry.exhausted = recovery::Exhausted::tolerate;
  const Audited b = audited(s);
  CHECK(b.agents().finished == 24);
  CHECK(b.agents().tainted_tokens == b.agents().tokens.committed);
}

TEST_CASE("irreversible effects escape only where the policy lets them out unverified") {
  for (const OutputCommit o : kOutputCommits) {
    Scenario s = few_agents();
    s.recovery.output_commit = o;
    s.faults.verdict_failure = 0.2;
    const bool holds = recovery::holds_tokens(o);
    CAPTURE(static_cast<int>(o));
    CHECK((audited(s).agents().escaped_irreversible == 0) == holds);
  }
}

TEST_CASE("a compensation that fails leaves its effect standing, once") {
  Scenario s = few_agents();
  s.recovery.output_commit = OutputCommit::release_and_compensate;
  s.recovery.compensation.success = 0.5;
  s.faults.verdict_failure = 0.2;
  const Audited a = audited(s);
  CHECK(a.agents().escaped_compensatable > 0);
  CHECK(a.agents().duplicates_dropped > 0);
  CHECK(a.violations.empty());
}
