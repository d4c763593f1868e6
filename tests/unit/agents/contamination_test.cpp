// Contamination of others until the verdict (verification.md 4.10), by the event engine.
#include <cmath>

#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using recovery::Visibility;

namespace {

constexpr std::int64_t kMemories = 4000, kAgents = 120'000;
constexpr double kSeconds = 1.0;  // V

// One-step agents arrive at random, read one memory and write one: each memory is read-then-written
// at rate beta. Steps take no time but the verdict does, so tainted memories form a Yule process.
Scenario yule(double beta, Visibility visibility) {
  Scenario s = from_text(R"(
hardware: h200-sxm
model: llama-3.1-8b
workload:
  decode_step: 1 ns
  prefill: 0 s
  agents:
    count: 1
    steps: 1
    context_tokens: 1
    context_limit: 16
    step_tokens: 1
    memory: {objects: 1, skew: 0, tokens: 0, reads: 1, writes: 1, read_time: 0 s}
    tool: {probability: 0}
    max_running: 4096
attention: {kernel: none}
verification:
  timing: optimistic
  boundary: {semantic_step: 1}
  window: 4
  workers: 1000000
  payload: {bytes: 0 B}
  transfer: none
  ledger: {consistency: linearizable, round_trip: 1 s, entries: 1}
recovery: {rollback: cascading_closure, retry_limit: 0, truncate: 0 s}
)")
                   .scenario;
  s.hardware.host.sha256.per_call = Duration::zero();
  auto& a = *s.workload.agents;
  a.count = kAgents;
  a.memory.objects = kMemories;
  a.arrival = Drawn<Duration>::exponential_of(
      Duration::raw(static_cast<std::int64_t>(1e12 / (beta * kMemories))));
  s.recovery.visibility = visibility;
  s.faults.verdict_failure = 0.003;
  return s;
}

}  // namespace

TEST_CASE("under read uncommitted a failure taints e^(beta V) memories") {
  for (const double beta : {0.5, 1.5, 2.0}) {
    const Result r = simulate(yule(beta, Visibility::read_uncommitted));
    const AgentsResult& a = *r.agents;
    const auto rollbacks = static_cast<double>(r.recovery.rollbacks);
    const double mean = static_cast<double>(a.undone[1]) / rollbacks;
    // Agents that were put back read again, which raises the rate a little: the measured one counts.
    const double rate =
        static_cast<double>(a.reads) / static_cast<double>(kMemories) / seconds(r.total - 1_s);
    const double expected = std::exp(rate * kSeconds);
    // Of a geometric distribution: sigma = sqrt(m (m - 1)).
    const double error = std::sqrt(expected * (expected - 1) / rollbacks);
    CAPTURE(beta, rate, rollbacks, mean, expected, error);
    REQUIRE(rollbacks > 150);
    CHECK(std::fabs(mean - expected) < 4 * error);
    CHECK(a.cascade_depth_max > 1);
  }
}

TEST_CASE("under read committed, strict and snapshot a failure taints exactly its own") {
  for (const Visibility v :
       {Visibility::read_committed, Visibility::strict, Visibility::snapshot}) {
    Scenario s = yule(2.0, v);
    s.workload.agents->count = 20'000;
    const Result r = simulate(s);
    CAPTURE(static_cast<int>(v));
    REQUIRE(r.recovery.rollbacks > 20);
    CHECK(r.agents->undone[1] == r.recovery.rollbacks);
    CHECK(r.agents->cascade_depth_max == 0);
    CHECK(r.agents->agents_hit == r.recovery.rollbacks);
  }
}

TEST_CASE("quarantine holds contamination at one reader deep") {
  Scenario s = yule(2.0, Visibility::quarantine);
  s.workload.agents->count = 20'000;
  const Result r = simulate(s);
  CHECK(r.agents->cascade_depth_max == 1);
}
