// Numbers of a run by name: what `metric` of a claim and `path` of a published figure can name.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/report/claims.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/json.hpp"
#include "sim/report/quantity.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system::test;
using Json = nlohmann::ordered_json;

TEST_CASE("every number of a result has its name, dots in a resource's name included") {
  const system::LoadedScenario loaded = shipped("v2_5_a");
  const Json result = report::result_json(loaded, system::simulate(loaded.scenario), false);
  int dotted = 0;
  for (const auto& [name, value] : report::flat(result)) {
    if (!value.is_number()) continue;
    CAPTURE(name);
    CHECK(report::quantity(result, loaded, name) == value.get<double>());
  }
  for (const auto& [resource, values] : result.at("resources").items())
    if (resource.find('.') != std::string::npos) {
      ++dotted;
      CHECK(report::quantity(result, loaded, "resources." + resource + ".busy_s") ==
            values.at("busy_s").get<double>());
    }
  CHECK(dotted > 0);
}

TEST_CASE(
    "an input is a number in SI units, given by the scenario, by a file it names, or by default") {
  const system::LoadedScenario loaded = shipped("paper_13b_64k", {"attention.anchor_tokens=128"});
  const Json nothing = Json::object();
  CHECK(report::quantity(nothing, loaded, "attention.anchor_tokens") == 128);
  CHECK(report::quantity(nothing, loaded, "hardware.gpu.sm.l1") == 192 * 1024);
  CHECK(report::quantity(nothing, loaded, "hardware.gpu.hbm.bandwidth") == 2.039e12);
  CHECK(report::quantity(nothing, loaded, "recovery.truncate") == Approx(5e-6));
}

TEST_CASE("a name of neither is refused with the nearest") {
  const system::LoadedScenario loaded = shipped("paper_13b_64k");
  try {
    report::quantity(Json::object(), loaded, "hardware.gpu.sm.shared_memry");
    FAIL("accepted");
  } catch (const ConfigError& e) {
    CHECK(e.problems().front().nearest == "hardware.gpu.sm.shared_memory");
  }
}

TEST_CASE("every claim of the paper and its critics has a verdict that says what the run shows") {
  const Json claims = report::reproduce({}, config::Catalogue());
  const auto verdict = [&](const std::string& id) -> std::string {
    for (const Json& c : claims)
      if (c["id"] == id) return c["verdict"];
    return "missing";
  };
  const std::string only = "only under its assumptions";
  CHECK(verdict("thirty-times") == only);
  CHECK(verdict("hundreds-of-ms") == only);
  CHECK(verdict("v2.5-slowdown-a") == only);  // 50 to 1.7
  CHECK(verdict("nxn-layer") == only);        // 8 GB
  CHECK(verdict("nxn-model") == only);        // 320 GB
  CHECK(verdict("nxn-time") == only);         // 160 ms
  CHECK(verdict("fused-overhead") == only);   // under 5 %
  CHECK(verdict("order-of-magnitude") == only);
  CHECK(verdict("sha256-microseconds") == only);
  CHECK(verdict("pcie5-128") == only);
  CHECK(verdict("sram-192") == only);
  CHECK(verdict("verillm-one-percent") == only);
  CHECK(verdict("gtx-1070") == only);
}
