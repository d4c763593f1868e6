// An agents run explained: no task graph, but what the agents wait for and what bounds them.
#include <algorithm>

#include "sim/system/schema/timing.hpp"
#include "tests/unit/explain/support.hpp"

using namespace fieldsim;
using namespace fieldsim::test;

namespace {

// One worker needs 100 ms for a check, and a boundary is due every 8 tokens: verdicts set the pace.
const char* const kAgents = R"(
hardware: h200-sxm
model: llama-3.1-8b
workload:
  agents: {count: 8, duration: 30 s, context_tokens: 512, context_limit: 4096, step_tokens: 40,
           tool: {probability: 0}, think: 10 ms}
attention: {kernel: fused, anchor_tokens: 64}
verification: {timing: optimistic, boundary: {every_tokens: 8}, window: 1, workers: 1,
               payload: new_kv, ledger: {consistency: linearizable, round_trip: 90 ms}}
)";

struct AgentsExplained {
  system::LoadedScenario loaded;
  ex::Explanation e;
};

const AgentsExplained& explained_agents() {
  static const AgentsExplained x = [] {
    const File file(kAgents);
    const std::string metric = "throughput.committed_tokens_per_s";
    AgentsExplained out;
    out.loaded = system::load_scenario(file.path(), config::Catalogue());
    const system::Result r = system::simulate(out.loaded.scenario);
    const double value = report::metric_value(report::result_json(out.loaded, r, false), metric);
    out.e = ex::explain(out.loaded.scenario, r, nullptr, ex::metric_of(metric), value,
                        report::evaluator(file.path(), {}, metric));
    return out;
  }();
  return x;
}

}  // namespace

TEST_CASE("the agents' time is all there, and the largest part is what they wait for") {
  const ex::Explanation& e = explained_agents().e;
  REQUIRE(e.agents);
  double sum = 0, share = 0;
  for (const ex::AgentsTime& t : e.agents->times) sum += t.time_s, share += t.share;
  CHECK(sum == Approx(8 * 30.0).epsilon(1e-6));  // all arrive at the start
  CHECK(share == Approx(1));
  CHECK(e.agents->times.front().activity == "verdict");
}

TEST_CASE("the verifier bounds it, and one worker more is worth as much as the bound says") {
  const ex::Explanation& e = explained_agents().e;
  CHECK(e.agents->ceilings.front().resource == "verifier");
  CHECK(e.agents->ceilings.front().share > 0.9);
  bool found = false;
  for (const ex::Elasticity& one : e.elasticities)
    if (one.parameter.knob.path() == "verification.workers") {
      found = true;
      REQUIRE(one.up);
      CHECK(one.up->factor == 2);
      CHECK(one.up->gain == Approx(1.0).epsilon(0.1));
    }
  CHECK(found);
  for (const ex::Alone& a : e.alone)
    if (a.path == "verification.workers") {
      CHECK(a.reached);
      CHECK(a.factor >= 2);
    }
}

TEST_CASE("every timing of the schema is tried, but the scenario's own") {
  const auto& alternatives = explained_agents().e.alternatives;
  for (const auto& choice : system::timings()) {
    const std::string set = "verification.timing=" + choice.word;
    const bool found = std::ranges::any_of(
        alternatives, [&](const ex::Alternative& a) { return a.assignments.front() == set; });
    CAPTURE(set);
    CHECK(found == (choice.value != verify::Timing::optimistic));
  }
}

TEST_CASE("text and JSON of an agents run say what it is about") {
  const AgentsExplained& x = explained_agents();
  const std::string text = report::explanation_text(x.loaded, x.e);
  for (const char* part : {"where the agents' time goes", "verdict", "KV memory",
                           "places in the batch", "what would make it 2x faster"}) {
    CAPTURE(part);
    CHECK_THAT(text, Catch::Contains(part));
  }
  const auto j = report::explanation_json(x.loaded, x.e);
  CHECK_FALSE(j.contains("critical_path"));
  CHECK(j.at("agents").at("agents_time").size() == x.e.agents->times.size());
  CHECK(j.at("bounds").at("run").front().at("resource") == "verifier");
}
