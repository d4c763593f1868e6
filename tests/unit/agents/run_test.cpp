// Determinism, common random numbers, closed forms and what the scenario file refuses.
#include <nlohmann/json.hpp>

#include "sim/serving/iteration_cost.hpp"
#include "sim/system/agents/tables.hpp"
#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

TEST_CASE("the same seed gives the same result, another seed another") {
  const auto text = [](std::uint64_t seed) {
    LoadedScenario l;
    l.scenario = few_agents();
    l.scenario.seed = seed;
    return report::text(report::result_json(l, simulate(l.scenario), false));
  };
  CHECK(text(1) == text(1));
  CHECK(text(1) != text(2));
}

TEST_CASE("a record changes nothing") {
  CHECK(simulate(few_agents()).simulation.fingerprint ==
        audited(few_agents()).result.simulation.fingerprint);
}

TEST_CASE("every policy meets the same work") {
  std::int64_t committed = -1;
  for (const auto v : kVisibilities)
    for (const auto r : {recovery::Rollback::suffix, recovery::Rollback::cascading_closure}) {
      Scenario s = few_agents();
      s.recovery.visibility = v;
      s.recovery.rollback = r;
      const std::int64_t tokens = audited(s).agents().tokens.committed;
      if (committed < 0) committed = tokens;
      CHECK(tokens == committed);
    }
}

TEST_CASE("the first attempts of all boundaries fail alike under every output commit") {
  // Boundaries by step: policies that close one early close it at the end of the step anyway.
  std::int64_t failures = -1;
  for (const auto o : {recovery::OutputCommit::transactional_outbox,
                       recovery::OutputCommit::release_and_compensate,
                       recovery::OutputCommit::stream_with_retraction}) {
    Scenario s = few_agents();
    s.verification.boundary = {};
    s.verification.boundary.semantic_step = 1;
    s.recovery.output_commit = o;
    s.recovery.retry.exhausted = recovery::Exhausted::tolerate;
    s.recovery.retry_limit = 0;
    const Result r = simulate(s);
    if (failures < 0) failures = r.verification.failures;
    CHECK(r.verification.failures == failures);
    CHECK(failures > 0);
  }
}

TEST_CASE("one agent alone takes the sum of its iterations") {
  Scenario s = few_agents();
  auto& a = *s.workload.agents;
  a.count = 1;
  a.steps = 1;
  a.step_tokens = Drawn<std::int64_t>::of(40);
  a.memory.reads = Drawn<std::int64_t>::of(0);
  a.tool.probability = a.messages.probability = 0;
  a.think = Drawn<Duration>::of(Duration::zero());
  s.verification.timing = verify::Timing::none;
  s.faults = {};
  s.workload.decode_step = 10_ms;
  s.workload.prefill = Duration::zero();
  const Result r = simulate(s);
  // One iteration prefills the context, 40 decode.
  CHECK(seconds(r.total) == Approx(0.400).margin(1e-6));
  CHECK(r.agents->iterations == 41);
}

TEST_CASE("many iterations in one event take as long as one by one") {
  const auto table = tabulate_iteration(few_agents(), 64, 400'000, 100'000);
  CHECK(table.error < 0.02);
  const serving::IterationCost cost(table.tables);
  for (const std::int64_t n : {1, 3, 17, 64})
    for (const std::int64_t kv : {1, 900, 5000, 100'000, 390'000}) {
      double one_by_one = 0;
      for (std::int64_t i = 0; i < 700; ++i) one_by_one += cost.decode(n, kv + i * n);
      CAPTURE(n, kv);
      CHECK(cost.decode(n, kv, 700) == Approx(one_by_one).epsilon(1e-9));
    }
}

TEST_CASE("agents exclude a chat's lengths, and what only a chat has") {
  const auto problems = [](const std::string& more) {
    try {
      from_text("hardware: h200-sxm\nmodel: llama-3.1-8b\n" + more);
    } catch (const ConfigError& e) {
      return e.problems().size();
    }
    return std::size_t{0};
  };
  CHECK(problems("workload: {agents: {steps: 2}}\n") == 0);
  CHECK(problems("workload: {prompt_tokens: 5, batch: 2, agents: {steps: 2}}\n") == 2);
  CHECK(problems("workload: {agents: {count: 3}}\n") == 1);
  CHECK(problems("workload: {agents: {steps: 2}}\nfaults: {device_crash: {every: 1 s}}\n") == 0);
  CHECK(problems("workload: {agents: {steps: 2}}\nfidelity: analytic\n") == 1);
  CHECK(problems("workload: {agents: {steps: 2, memory: {index: {vectors: 5}}}}\n") == 1);
  CHECK(problems("workload: {agents: {steps: 2, think: {uniform: [2 s, 1 s]}}}\n") == 1);
  CHECK(problems("workload: {agents: {steps: 2, think: {uniform: [1 s, 2 s], constant: 1 s}}}\n") ==
        1);
}

TEST_CASE("a context that does not fit the device is the user's fault") {
  Scenario s = few_agents();
  s.workload.agents->context_limit = 10'000'000;
  CHECK_THROWS_AS(simulate(s), ConfigError);
}

TEST_CASE("paused caches are kept, dropped or swapped, and the work is the same") {
  std::int64_t tokens = -1;
  for (const auto k : {serving::PausedKv::keep, serving::PausedKv::drop, serving::PausedKv::swap}) {
    Scenario s = few_agents();
    s.workload.agents->paused_kv = k;
    s.workload.agents->max_running = 3;
    const Audited a = audited(s);
    CAPTURE(static_cast<int>(k), first_of(a));
    CHECK(a.violations.empty());
    if (tokens < 0) tokens = a.agents().tokens.committed;
    CHECK(a.agents().tokens.committed == tokens);
    CHECK((a.agents().swapped > Bytes::zero()) == (k == serving::PausedKv::swap));
  }
}
