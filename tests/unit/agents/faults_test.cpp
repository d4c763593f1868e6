// Crashes of device and verifier, a ledger that revokes, lies and is cut off, and room for what is
// kept until its verdict: for agents.
#include <cmath>

#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using recovery::Checkpoint;
using verify::Consistency;

namespace {

Scenario crashing(Duration every) {
  Scenario s = few_agents();
  s.faults.device_crash = verify::Crash{every, 300_ms};
  return s;
}

}  // namespace

TEST_CASE("a crash of the device loses open boundaries and caches, and no invariant") {
  const std::int64_t committed = audited(few_agents()).agents().tokens.committed;
  for (const auto v : kVisibilities)
    for (const auto r : kRollbacks) {
      Scenario s = crashing(2_s);
      s.recovery.visibility = v;
      s.recovery.rollback = r;
      const Audited a = audited(s);
      CAPTURE(static_cast<int>(v), static_cast<int>(r), first_of(a));
      REQUIRE(a.violations.empty());
      REQUIRE(a.agents().finished == 24);
      CHECK(a.result.recovery.crashes > 0);
      CHECK(a.agents().lost_caches > 0);
      if (r != recovery::Rollback::session_restart) CHECK(a.agents().tokens.committed == committed);
    }
}

TEST_CASE("after a crash caches are prefilled again, or come back from the host") {
  const auto run = [](Checkpoint c) {
    Scenario s = crashing(1_s);
    s.recovery.checkpoint = c;
    s.faults.verdict_failure = 0;
    return simulate(s);
  };
  const Result again = run(Checkpoint::cow_blocks), back = run(Checkpoint::full_copy_host);
  CHECK(again.agents->restored == Bytes::zero());
  CHECK(back.agents->restored > Bytes::zero());
  CHECK(back.agents->reprefilled_tokens < again.agents->reprefilled_tokens / 2);
}

TEST_CASE("a device that crashes before anybody closes a boundary is given up") {
  Scenario s = crashing(1_ms);
  s.faults.device_crash->restart = 10_ms;
  const Audited a = audited(s);
  CHECK(a.violations.empty());
  CHECK(a.agents().aborted == 24);
  CHECK(a.agents().tokens.in_flight == 0);
}

TEST_CASE("a crash of the verifier begins checks again and loses nothing") {
  Scenario s = few_agents();
  const Audited calm = audited(s);
  s.faults.verifier_crash = verify::Crash{1_s, 200_ms};
  const Audited a = audited(s);
  CHECK(a.violations.empty());
  CHECK(a.result.verification.restarted_checks > 0);
  CHECK(a.result.verification.latency.mean > calm.result.verification.latency.mean);
  CHECK(a.agents().tokens.committed == calm.agents().tokens.committed);
}

TEST_CASE("an anchor that is revoked ends in another one, and everything behind it is prefilled") {
  Scenario s = few_agents();
  s.faults.verdict_failure = 0;
  s.faults.ledger.revoked_every = 3_s;
  const Audited a = audited(s);
  CAPTURE(first_of(a));
  CHECK(a.violations.empty());
  CHECK(a.agents().finished == 24);
  CHECK(a.agents().refetches > 0);
  CHECK(a.result.verification.failures > 0);
  CHECK(a.agents().reprefilled_tokens > 0);
}

// verification.md 4.11. A stream of checks far denser than max_age meets heads of every age up to
// it: the mean of 1 - exp(-rho a) over ages a.
TEST_CASE("boundaries rest on a revoked anchor as often as the age of heads has it") {
  Scenario s = few_agents();
  serving::AgentsParams& w = s.workload.agents.value();
  w.count = 1;
  w.steps.reset();
  w.duration = 4000_s;
  w.tool.probability = w.messages.probability = 0;
  w.think = Drawn<Duration>::of(Duration::zero());
  w.memory.reads = Drawn<std::int64_t>::of(0);
  w.memory.writes = Drawn<std::int64_t>::of(0);
  s.workload.decode_step = 10_ms;
  s.workload.prefill = Duration::zero();
  s.verification.boundary = verify::BoundaryParams::tokens(4);
  s.verification.payload.kind.reset();
  s.verification.payload.bytes = 1_KiB;
  s.faults.verdict_failure = 0;
  s.faults.ledger.revoked_every = 4_s;
  s.recovery.truncate = Duration::zero();
  auto& ledger = s.verification.ledger;
  ledger.round_trip = 1_ms;
  ledger.max_age = 2_s;
  const auto share = [&](Consistency c) {
    ledger.consistency = c;
    const Result r = simulate(s);
    return static_cast<double>(r.verification.revoked_boundaries) /
           static_cast<double>(r.verification.boundaries);
  };
  const double x = 0.5;  // max_age / revoked_every
  CHECK(share(Consistency::cached_head) == Approx(1 - (1 - std::exp(-x)) / x).epsilon(0.08));
  CHECK(share(Consistency::linearizable) < 0.005);
}

TEST_CASE("a partition stops verdicts where reads fail closed, and old heads serve where open") {
  Scenario s = few_agents();
  s.faults.ledger.partition_every = 2_s;
  s.faults.ledger.partition_lasts = 1_s;
  s.verification.ledger.consistency = Consistency::cached_head;
  s.verification.ledger.max_age = 10_ms;
  s.verification.ledger.round_trip = 5_ms;
  const Audited closed = audited(s);
  s.verification.ledger.partition = verify::Partition::fail_open;
  const Audited open = audited(s);
  CHECK(closed.violations.empty());
  CHECK(open.violations.empty());
  CHECK(closed.result.verification.old_heads == 0);
  CHECK(open.result.verification.old_heads > 0);
  CHECK(open.result.verification.latency.p99 < closed.result.verification.latency.p99);
}

TEST_CASE("replicas that contradict each other are refused, a single head's lie is believed") {
  for (const auto c : {Consistency::quorum, Consistency::cached_head}) {
    Scenario s = few_agents();
    s.faults.verdict_failure = 0;
    s.faults.tampering = recovery::Tampering{2_s};
    s.recovery.retry.refetch = recovery::Refetch::replica;
    s.faults.ledger.equivocation = 0.5;
    s.verification.ledger.consistency = c;
    s.verification.ledger.max_age = 50_ms;
    s.verification.ledger.round_trip = 5_ms;
    const Audited a = audited(s);
    CAPTURE(first_of(a));
    CHECK(a.violations.empty());
    CHECK((a.result.verification.lies_noticed > 0) == (c == Consistency::quorum));
    CHECK((a.agents().missed > 0) == (c == Consistency::cached_head));
  }
}

TEST_CASE("the limit of what is kept holds: generation throttles, or the run ends with an error") {
  constexpr std::int64_t kTokens = 100;
  Scenario s = few_agents();
  const Result free = simulate(s);
  REQUIRE(free.verification.exposure_max > 2 * kTokens);
  // Tokens of KV, and a block table and a digest for each of some tens of boundaries.
  const Bytes kv = Bytes::raw(131'072);
  s.recovery.retained.limit = kv * kTokens;
  const Audited a = audited(s);
  CAPTURE(first_of(a));
  CHECK(a.violations.empty());
  CHECK(a.agents().finished == 24);
  CHECK(a.result.verification.exposure_max <= kTokens);
  CHECK(a.result.verification.exposure_max > kTokens / 2);
  CHECK(a.agents().throttled > 0);
  CHECK(a.result.total > free.total);
  s.recovery.retained.overflow = recovery::Overflow::error;
  CHECK_THROWS_AS(simulate(s), ConfigError);
  s.recovery.retained = {1_KiB, recovery::Overflow::throttle};
  CHECK_THROWS_AS(simulate(s), ConfigError);  // not one token
}

TEST_CASE("full copies take room: of the device's KV, or of host memory") {
  Scenario s = few_agents();
  const Result none = simulate(s);
  s.recovery.checkpoint = Checkpoint::full_copy_device;
  const Audited a = audited(s);
  CHECK(a.violations.empty());
  CHECK(a.agents().uncopied == 0);
  CHECK(a.result.memory.kv > none.memory.kv);
  s.recovery.checkpoint = Checkpoint::full_copy_host;
  s.workload.agents->host_kv = 64_MiB;
  const Audited little = audited(s);
  CHECK(little.violations.empty());
  CHECK(little.agents().uncopied > 0);
  s.recovery.retained.overflow = recovery::Overflow::error;
  CHECK_THROWS_AS(simulate(s), ConfigError);
}
