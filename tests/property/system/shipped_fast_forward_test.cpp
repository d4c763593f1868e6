// Every shipped scenario gives the same bytes whether kernels are simulated one by one or advanced
// together, and so does the main one with verdicts that fail.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report/json.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

std::string result(LoadedScenario loaded, bool fast_forward, std::uint64_t* elided = nullptr) {
  loaded.scenario.simulation.fast_forward = fast_forward;
  const Result r = simulate(loaded.scenario);
  if (elided != nullptr) *elided += r.simulation.kernels_elided;
  return report::text(report::result_json(loaded, r, false));
}

}  // namespace

TEST_CASE("fast-forward changes no byte of a shipped scenario's result") {
  for (const std::string& name : config::Catalogue().names("scenarios")) {
    LoadedScenario loaded = shipped(name);
    const auto& w = loaded.scenario.workload;
    if (w.agents || w.requests) continue;  // iterations, not kernels
    loaded.scenario.workload.output_tokens =
        std::min<std::int64_t>(12, loaded.scenario.workload.output_tokens);
    std::uint64_t elided = 0, none = 0;
    CAPTURE(name);
    CHECK(result(loaded, true, &elided) == result(loaded, false, &none));
    CHECK(none == 0);
    if (!loaded.scenario.workload.decode_step) CHECK(elided > 0);
  }
}

TEST_CASE("fast-forward changes no byte when verdicts fail") {
  for (const char* engine : {"cpu_sha256", "gpu_tree"})
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      LoadedScenario loaded = shipped(
          "paper_13b_64k", {"workload.prompt_tokens=700", "workload.output_tokens=40",
                            "verification.boundary.every_tokens=2", "verification.workers=2",
                            "faults.verdict_failure=0.35", "recovery.retry_limit=1000",
                            std::string("verification.hash.engine=") + engine});
      loaded.scenario.seed = seed;
      CAPTURE(engine, seed);
      REQUIRE(result(loaded, true) == result(loaded, false));
    }
}

TEST_CASE(
    "a million tokens of a steady step cost events in proportion to boundaries, not to kernels") {
  LoadedScenario loaded = shipped("v3_0_k32");
  loaded.scenario.workload.output_tokens = 100'000;
  const Result r = simulate(loaded.scenario);
  CHECK(r.tokens_per_s == Approx(50.0).epsilon(1e-6));
  // 100,000 steps, and 3,125 checks of 40 pieces with some 25 events each.
  CHECK(r.simulation.events < 100'000 + 3'125 * 40 * 30);
  loaded = shipped("paper_13b_64k", {"workload.output_tokens=2000", "verification.timing=none"});
  const Result derived = simulate(loaded.scenario);
  CHECK(derived.simulation.events < 20 * 2000);
  CHECK(derived.simulation.kernels_elided > 300 * 2000);
}
