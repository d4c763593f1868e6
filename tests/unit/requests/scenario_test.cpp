// What the scenario file refuses, and that the shipped scenarios say what they promise.
#include <fstream>

#include "tests/unit/requests/requests.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {
std::vector<Problem> problems(const std::string& more) {
  try {
    from_text("hardware: h200-sxm\nmodel: llama-3.1-8b\n" + more);
  } catch (const ConfigError& e) {
    return e.problems();
  }
  return {};
}
const std::string kDrawn = "rate: 4 / s, prompt_tokens: 10, output_tokens: 10, count: 3";
}  // namespace

TEST_CASE("requests exclude a chat's lengths and agents, and a trace what it brings itself") {
  CHECK(problems("workload: {requests: {" + kDrawn + "}}\n").empty());
  CHECK(problems("workload: {prompt_tokens: 5, batch: 2, requests: {" + kDrawn + "}}\n").size() ==
        2);
  CHECK(problems("workload: {agents: {steps: 2}, requests: {" + kDrawn + "}}\n").size() >= 1);
  CHECK(problems("workload: {requests: {rate: 4 / s}}\n").size() == 3);
  CHECK(problems("workload: {requests: {trace: azure_llm_2023_code.csv}}\n").empty());
  CHECK(problems("workload: {requests: {trace: azure_llm_2023_code.csv, count: 3}}\n").size() == 1);
  CHECK(problems("workload: {requests: {" + kDrawn + ", limit: 3}}\n").size() == 1);
  CHECK(problems("workload: {requests: {" + kDrawn + ", slo: {}}}\n").size() == 1);
  CHECK(
      problems("workload: {requests: {rate: 4 Hz, prompt_tokens: 1, output_tokens: 1, count: 1}}\n")
          .size() == 1);
}

TEST_CASE("a trace that is not there is an error with the nearest file") {
  const auto p = problems("workload: {requests: {trace: azure_llm_2023_cod.csv}}\n");
  REQUIRE(p.size() == 1);
  CHECK(p[0].path == "workload.requests.trace");
  CHECK(p[0].where.line == 3);
  CHECK(p[0].nearest == "azure_llm_2023_code.csv");
}

TEST_CASE("a pressed device preempts, evicts anchors and verifies them again") {
  const LoadedScenario l = shipped("requests_pressure", {"workload.requests.limit=600"});
  const Result r = simulate(l.scenario);
  CHECK(r.requests->preemptions > 0);
  CHECK(r.anchors->stats.evictions > 0);
  CHECK(r.anchors->stats.promotions > 32);
  CHECK(r.requests->completed == 600);
  check_books(*r.requests);
}
