// explain and compare, as a user runs them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;
using Json = nlohmann::json;

TEST_CASE("explain prints path, bounds, elasticities and what would be faster, on stdout only") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome o = bench.run("explain small.yaml");
  CHECK(o.code == 0);
  CHECK(o.err.empty());
  for (const char* part :
       {"critical path to the last kept token", "limited by", "least slack",
        "bound of each resource", "elasticity of throughput.tokens_per_s", "HBM bandwidth",
        "--set '", "what would make it 2x faster", "other policies"})
    CHECK(has(o.out, part));
  CHECK(bench.run("explain small.yaml -q").out.empty());
  CHECK(has(bench.run("explain small.yaml --fidelity analytic").out, "no critical path"));
}

TEST_CASE("explain gives the same bytes twice, in every form") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome a = bench.run("explain small.yaml --json -");
  CHECK(a.code == 0);
  CHECK(a.out == bench.run("explain small.yaml --json -").out);
  const Json j = Json::parse(a.out);
  CHECK(j["metric"]["path"] == "throughput.tokens_per_s");
  CHECK(j["elasticities"].size() > 10);
  CHECK(j["faster"]["alone"].size() == j["elasticities"].size());
  CHECK(bench.run("explain small.yaml --json j --csv c --trace t -q").code == 0);
  CHECK(bench.read("j") == a.out);
  const std::string csv = bench.read("c");
  CHECK(std::count(csv.begin(), csv.end(), '\n') ==
        1 + static_cast<std::ptrdiff_t>(j["elasticities"].size()));
  // The track of the path ends with the path.
  double end = 0;
  std::int64_t track = -1, pid = -1;
  const Json trace = Json::parse(bench.read("t"));
  for (const Json& e : trace["traceEvents"]) {
    if (e["name"] == "process_name" && e["args"]["name"] == "critical path") pid = e["pid"];
    if (e["name"] == "thread_name" && e["pid"] == pid) track = e["tid"];
  }
  REQUIRE(track >= 0);
  for (const Json& e : trace["traceEvents"])
    if (e["ph"] == "X" && e["tid"] == track)
      end = std::max(end, e["ts"].get<double>() + e["dur"].get<double>());
  CHECK(end / 1e6 == Approx(j["critical_path"]["length_s"].get<double>()));
}

TEST_CASE("explain takes any number of the result as its metric, and no other") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Json ttft =
      Json::parse(bench.run("explain small.yaml --metric latency.ttft_s --json -").out);
  CHECK(ttft["metric"]["better"] == "lower");
  const Json energy =
      Json::parse(bench.run("explain small.yaml --metric energy_j_per_token --json -").out);
  CHECK(energy["elasticities"][0]["by_path"].is_null());
  CHECK(energy["elasticities"][0]["by_runs"].is_number());
  const Outcome slip = bench.run("explain small.yaml --metric latency.tttf_s");
  CHECK(slip.code == 2);
  CHECK(has(slip.err, "did you mean 'latency.ttft_s'"));
  CHECK(bench.run("explain small.yaml --metric scenario").code == 2);
  CHECK(bench.run("explain small.yaml --metric latency.drain_s --set verification.timing=none")
            .code == 2);
}

TEST_CASE("explain of what cannot run says so and writes nothing") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  CHECK(bench.run("explain").code == 2);
  CHECK(bench.run("explain nosuch --json out").code == 2);
  CHECK(bench.run("explain small.yaml --fidelity evnt --json out").code == 2);
  CHECK(bench.run("explain small.yaml --json no/such/folder").code == 2);
  const Outcome aborts = bench.run(
      "explain small.yaml --json out --set faults.verdict_failure=1 --set recovery.retry_limit=0");
  CHECK(aborts.code == 2);
  CHECK(has(aborts.err, "aborts"));
  CHECK(bench.files() == std::vector<std::string>{"small.yaml"});
}

TEST_CASE("compare puts what differs before what does not, with ratios in the JSON") {
  const Bench bench;
  const Outcome o = bench.run("compare paper_pinned v2_5_a");
  CHECK(o.code == 0);
  const std::size_t same = o.out.find("the same in all");
  REQUIRE(same != std::string::npos);
  CHECK(o.out.find("verification.timing") < same);
  CHECK(o.out.find("  tokens/s") < same);
  CHECK(o.out.find("assumed step") > same);
  const Json j = Json::parse(bench.run("compare paper_pinned v2_5_a --json -").out);
  const Json& d = j["differences"]["throughput.tokens_per_s"];
  CHECK(d["ratios"][0] == 1.0);
  CHECK(d["ratios"][1].get<double>() ==
        Approx(d["values"][1].get<double>() / d["values"][0].get<double>()));
  CHECK_FALSE(j["differences"].contains("time_breakdown_s.assumed"));
  // From zero there is no ratio.
  CHECK(j["differences"]["time_breakdown_s.hash"]["ratios"][1].is_null());
}

TEST_CASE("compare of a scenario with itself finds nothing, and writes a row for each") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome o = bench.run("compare small.yaml small.yaml --csv out.csv");
  CHECK(o.code == 0);
  CHECK(has(o.out, "nothing"));
  const std::string csv = bench.read("out.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  CHECK(
      Json::parse(bench.run("compare small.yaml small.yaml --json -").out)["differences"].empty());
}
