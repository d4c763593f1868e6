// The result JSON: the keys of the contract with their types, and what they say.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report/csv.hpp"
#include "sim/report/json.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using Json = nlohmann::ordered_json;

namespace {

Json result(const std::string& name, const std::vector<std::string>& set = {},
            bool timing = false) {
  const LoadedScenario loaded = shipped(name, set);
  return report::result_json(loaded, simulate(loaded.scenario), timing);
}

// Hours of agents and whole traces are no other results than minutes of them.
std::vector<std::string> shortened(const std::string& name) {
  if (name.starts_with("agents_")) return {"workload.agents.duration=60 s"};
  if (name.starts_with("requests_")) return {"workload.requests.limit=300"};
  return {};
}

const char* const kNumbers[] = {"/seed",
                                "/throughput/tokens_per_s",
                                "/latency/ttft_s",
                                "/latency/tpot_s/mean",
                                "/latency/tpot_s/p50",
                                "/latency/tpot_s/p90",
                                "/latency/tpot_s/p99",
                                "/time_breakdown_s/weights",
                                "/time_breakdown_s/attention",
                                "/time_breakdown_s/anchors",
                                "/time_breakdown_s/transfer",
                                "/time_breakdown_s/hash",
                                "/time_breakdown_s/ledger",
                                "/time_breakdown_s/stall",
                                "/time_breakdown_s/rollback",
                                "/time_breakdown_s/host",
                                "/time_breakdown_s/launch",
                                "/verification/boundaries",
                                "/verification/failures",
                                "/verification/latency_s",
                                "/verification/exposure_tokens",
                                "/recovery/rollbacks",
                                "/recovery/discarded_tokens",
                                "/recovery/discarded_fraction",
                                "/memory/weights_bytes",
                                "/memory/kv_bytes",
                                "/memory/anchor_bytes",
                                "/memory/retained_bytes",
                                "/memory/capacity_bytes",
                                "/energy_j_per_token"};

}  // namespace

TEST_CASE("the result has every key of the contract, with its type, for every shipped scenario") {
  for (const std::string& name : config::Catalogue().names("scenarios"))
    for (const char* fidelity : {"event", "analytic"}) {
      const bool agents = name.starts_with("agents_"), requests = name.starts_with("requests_");
      if ((agents || requests) && std::string(fidelity) == "analytic") continue;  // refused
      std::vector<std::string> set = shortened(name);
      set.push_back(std::string("fidelity=") + fidelity);
      const Json j = result(name, set);
      CAPTURE(name, fidelity);
      CHECK(j.at("scenario").is_string());
      CHECK(j.at("version").is_string());
      for (const char* path : kNumbers) {
        CAPTURE(path);
        REQUIRE(j.contains(Json::json_pointer(path)));
        const Json& v = j.at(Json::json_pointer(path));
        CHECK(v.is_number());
        CHECK(v.get<double>() >= 0.0);
      }
      if (std::string(fidelity) == "event" && !agents) CHECK(j.at("resources").size() >= 5);
      if (agents) CHECK(j.at("agents").at("goodput_tokens_per_s").get<double>() > 0);
      for (const auto& [resource, use] : j.at("resources").items()) {
        CAPTURE(resource);
        CHECK(use.at("utilization").is_number());
        CHECK(use.at("utilization").get<double>() <= 1.0 + 1e-9);
        CHECK(use.at("bytes").is_number());
        CHECK(use.at("busy_s").is_number());
        CHECK(use.at("bound").is_boolean());
      }
      CHECK_FALSE(j.contains("simulation"));
    }
}

TEST_CASE("the wall clock is in the result only when asked for") {
  const Json j = result("v2_5_a", {}, true);
  for (const char* key : {"events", "wall_s", "events_per_s"})
    CHECK(j.at("simulation").at(key).is_number());
}

TEST_CASE("the breakdown of a token sums to its mean time, and rates follow from times") {
  for (const std::string& name : config::Catalogue().names("scenarios")) {
    const Json j = result(name, shortened(name));
    double sum = 0;
    for (const auto& [category, v] : j.at("time_breakdown_s").items()) sum += v.get<double>();
    CAPTURE(name);
    CHECK(sum == Approx(j["latency"]["tpot_s"]["mean"].get<double>()).epsilon(1e-9));
    if (!name.starts_with("requests_"))  // theirs come and go
      CHECK(j["throughput"]["tokens_per_s"].get<double>() * sum ==
            Approx(j["tokens"]["batch"].get<double>()).epsilon(1e-9));
    const auto& m = j["memory"];
    CHECK(m["total_bytes"] ==
          m["weights_bytes"].get<std::int64_t>() + m["kv_bytes"].get<std::int64_t>() +
              m["anchor_bytes"].get<std::int64_t>() + m["workspace_bytes"].get<std::int64_t>());
    const auto& l = j["latency"];
    CHECK(l["total_s"].get<double>() ==
          Approx(l["prefill_s"].get<double>() + l["decode_s"].get<double>() +
                 l["drain_s"].get<double>()));
  }
}

TEST_CASE("memory of the main scenario, byte by byte") {
  const Json m = result("paper_13b_64k")["memory"];
  CHECK(m["weights_bytes"] == 26'031'728'640);
  CHECK(m["kv_bytes"] == 819'200LL * 64'256);
  CHECK(m["anchor_bytes"] == 819'200LL * 256);
  CHECK(m["capacity_bytes"] == 80'589LL * 1024 * 1024);
  CHECK(m["fits"] == true);
  CHECK(result("paper_13b_64k", {"workload.batch=2"})["memory"]["fits"] == false);
}

TEST_CASE(
    "warnings tell of assumed steps, extrapolation, too little memory, saturation and aborts") {
  const auto warns = [](const Json& j, const char* text) {
    for (const Json& w : j.at("warnings"))
      if (w.get<std::string>().find(text) != std::string::npos) return true;
    return false;
  };
  CHECK(warns(result("v2_5_a"), "pinned at 20 ms"));
  CHECK_FALSE(warns(result("paper_13b_64k"), "pinned"));
  CHECK(warns(result("paper_13b_64k"), "extrapolation"));
  CHECK_FALSE(warns(result("paper_13b_64k", {"workload.prompt_tokens=1024"}), "extrapolation"));
  CHECK(warns(result("paper_13b_64k", {"workload.batch=2"}), "does not fit"));
  CHECK(warns(result("v3_0_k1"), "saturated"));
  CHECK(warns(result("v3_0_k32", {"faults.verdict_failure=1.0"}), "aborted"));
  CHECK(result("paper_13b_64k")["assumptions"].size() > 10);
}

TEST_CASE("percentiles are by nearest rank") {
  std::vector<Duration> values;
  for (std::int64_t i = 100; i >= 1; --i) values.push_back(Duration::raw(i * 1'000'000'000'000));
  const Distribution d = distribution(values);
  CHECK(d.mean == 50.5);
  CHECK(d.p50 == 50.0);
  CHECK(d.p90 == 90.0);
  CHECK(d.p99 == 99.0);
  CHECK(d.max == 100.0);
  CHECK(distribution({}).mean == 0.0);
  CHECK(distribution({3_s}).p50 == 3.0);
}

TEST_CASE("CSV has a header, a row a result, and quotes what needs it") {
  Json a = {{"name", "x, \"y\""}, {"n", {{"a", 1}, {"b", 2.5}}}, {"list", {1, 2}}};
  Json b = {{"name", "z"}, {"n", {{"a", 3}}}};
  CHECK(report::csv({a, b}) == "name,n.a,n.b\n\"x, \"\"y\"\"\",1,2.5\nz,3,\n");
  CHECK(report::csv({}).empty());
}
