// Contamination of others until the verdict (verification.md 4.10), by the event engine.
#include <cmath>

#include "sim/des/engine.hpp"
#include "sim/recovery/versions.hpp"
#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using recovery::Visibility;

namespace {

constexpr std::int64_t kMemories = 4000, kAgents = 120'000;
constexpr double kSeconds = 1.0;  // V

// One-step agents arrive at random, read one memory and write one: each is read, and each written,
// at rate beta. Steps take no time, but the verdict does.
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

// One state, read and then written into a row of its own at rate beta, as is every state that
// derives from it, until its verdict: the rows that have to be undone.
struct Spreading {
  Spreading(double rate, Visibility v, std::uint64_t seed)
      : engine(seed), random(engine.random("readers")), memories(kRows, v), beta(rate) {
    const auto boundary = graph.add(recovery::Item::tokens, 0, nullptr);
    recovery::Version* first = memories.write(next++, 0, Time::zero());
    first->vertex = graph.add(recovery::Item::memory, 0, first);
    graph.derive(boundary, first->vertex);
    engine.spawn(reader(0), "reader");
    engine.run_until(Time::at(1_s));
    undone = static_cast<std::int64_t>(graph.closure(boundary).size()) - 1;  // without the tokens
    engine.abandon();
  }
  des::Process reader(std::int64_t row) {
    for (;;) {
      co_await engine.delay(
          random.exponential(Duration::raw(static_cast<std::int64_t>(1e12 / beta))));
      if (next == kRows) co_return;
      const recovery::Version* seen = memories.read(row, engine.now());
      recovery::Version* written = memories.write(next, next, engine.now());
      written->vertex = graph.add(recovery::Item::memory, next, written);
      if (seen != nullptr) graph.derive(seen->vertex, written->vertex);
      engine.spawn(reader(next++), "reader");
    }
  }
  static constexpr std::int64_t kRows = 400;
  des::Engine engine;
  RandomStream random;
  recovery::Provenance graph;
  recovery::MemoryStore memories;
  double beta;
  std::int64_t next = 0, undone = 0;
};

TEST_CASE("under read uncommitted a failure taints e^(beta V) states, under read committed one") {
  for (const double beta : {0.5, 1.5, 2.0}) {
    constexpr int kRuns = 3000;
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      sum += static_cast<double>(Spreading(beta, Visibility::read_uncommitted, seed).undone);
      if (seed <= 20) REQUIRE(Spreading(beta, Visibility::read_committed, seed).undone == 1);
    }
    const double expected = std::exp(beta * kSeconds);
    // Of a geometric distribution: sigma = sqrt(m (m - 1)).
    const double error = std::sqrt(expected * (expected - 1) / kRuns);
    CAPTURE(beta, sum / kRuns, expected, error);
    CHECK(std::fabs(sum / kRuns - expected) < 4 * error);
  }
}

// In a pool whose rows are written over, a tainted version is read at rate beta and replaced at
// rate delta = beta / reads: 1 + beta / (beta - delta) (e^((beta - delta) V) - 1) of them by the
// verdict, which is e^(beta V) without replacement and 1 + beta V for one read a write.
TEST_CASE("whole agents contaminate a pool as a birth and death process does") {
  for (const std::int64_t reads : {1, 16})
    for (const double beta : {0.5, 1.5, 2.0}) {
      Scenario s = yule(beta / static_cast<double>(reads), Visibility::read_uncommitted);
      s.workload.agents->memory.reads = Drawn<std::int64_t>::of(reads);
      s.workload.agents->count = 60'000;
      const Result r = simulate(s);
      const AgentsResult& a = *r.agents;
      const auto rollbacks = static_cast<double>(r.recovery.rollbacks);
      const double mean = static_cast<double>(a.undone[1]) / rollbacks;
      // Agents that were put back read again, which raises the rate a little: the measured one
      // counts.
      const double rate =
          static_cast<double>(a.reads) / static_cast<double>(kMemories) / seconds(r.total - 1_s);
      const double net = rate * (1 - 1 / static_cast<double>(reads));
      const double expected =
          reads == 1 ? 1 + rate : 1 + rate / net * (std::exp(net * kSeconds) - 1);
      const double error = std::sqrt(expected * (expected - 1) / rollbacks);
      CAPTURE(reads, beta, rate, rollbacks, mean, expected, error);
      REQUIRE(rollbacks > 100);
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
