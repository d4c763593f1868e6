// The commands, as a user runs them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;
using Json = nlohmann::json;

TEST_CASE("run prints a summary, and nothing on stderr") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome o = bench.run("run small.yaml");
  CHECK(o.code == 0);
  CHECK(o.err.empty());
  for (const char* part :
       {"small\n", "throughput", "tokens/s", "first token", "time per token", "p99",
        "critical path", "bounds the run", "memory", "verification", "assumed, not measured"})
    CHECK(has(o.out, part));
  CHECK(bench.run("run small.yaml -q").out.empty());
}

TEST_CASE(
    "JSON on stdout is JSON and nothing else, the same bytes twice, and the same as in a file") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome a = bench.run("run small.yaml --json -"), b = bench.run("run small.yaml --json -");
  CHECK(a.code == 0);
  CHECK(a.out == b.out);
  CHECK(Json::parse(a.out)["scenario"] == "small");
  CHECK_FALSE(Json::parse(a.out).contains("simulation"));
  CHECK(bench.run("run small.yaml --json out.json --csv out.csv --trace out.trace -q").code == 0);
  CHECK(bench.read("out.json") == a.out);
  CHECK(bench.files() ==
        std::vector<std::string>{"out.csv", "out.json", "out.trace", "small.yaml"});
  const std::string trace = bench.read("out.trace"), csv = bench.read("out.csv");
  CHECK(Json::parse(trace)["traceEvents"].size() > 10);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 2);
  bench.run("run small.yaml --csv again.csv --trace again.trace -q");
  CHECK(bench.read("again.trace") == trace);
  CHECK(bench.read("again.csv") == csv);
  CHECK(Json::parse(bench.run("run small.yaml --timing --json -").out)["simulation"]["events"] >
        10);
}

TEST_CASE("assignments and seeds on the command line change the run as the file would") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const auto json = [&](const std::string& options) {
    const Outcome o = bench.run("run small.yaml --json - " + options);
    CHECK(o.code == 0);
    return Json::parse(o.out);
  };
  CHECK(json("--set workload.output_tokens=3")["tokens"]["output"] == 3);
  CHECK(json("--set 'verification.ledger={consistency: linearizable, round_trip: 70 ms}'")
            ["verification"]["stages_s"]["ledger"] == 0.07);
  CHECK(json("--seed 7")["seed"] == 7);
  CHECK(json("--seed 7") == json("--set seed=7"));
  std::set<std::string> totals;
  for (int seed = 1; seed <= 12; ++seed)
    totals.insert(json("--seed " + std::to_string(seed))["latency"]["total_s"].dump());
  CHECK(totals.size() > 1);
  CHECK(json("--set hardware=h200-sxm")["hardware"] == "h200-sxm");
}

TEST_CASE("a shipped scenario runs by name from anywhere, and by path") {
  const Bench bench;
  const Outcome name = bench.run("run v2_5_a --json -");
  const Outcome path =
      bench.run("run " FIELDSIM_SOURCE_DIR "/configs/scenarios/v2_5_a.yaml --json -");
  CHECK(name.code == 0);
  CHECK(name.out == path.out);
}

TEST_CASE("compare sets runs side by side and says what differs") {
  const Bench bench;
  const Outcome o = bench.run("compare paper_pinned v2_5_a sync_k32");
  CHECK(o.code == 0);
  CHECK(has(o.out, "verification.timing"));
  CHECK(has(o.out, "tokens/s"));
  CHECK(has(o.out, "0.03x"));
  const Json j = Json::parse(bench.run("compare paper_pinned v2_5_a --json -").out);
  CHECK(j["results"].size() == 2);
  CHECK(j["inputs"]["verification.timing"] == Json({"none", "pessimistic"}));
  CHECK(bench.run("compare paper_pinned").code == 2);
}

TEST_CASE("reproduce gives each claim with the keys of the contract") {
  const Bench bench;
  const Json all = Json::parse(bench.run("reproduce --json -").out);
  CHECK(all.size() > 15);
  std::set<std::string> ids;
  for (const Json& c : all) {
    CAPTURE(c.dump());
    for (const char* key : {"id", "claim", "unit", "verdict", "scenario"})
      CHECK(c.at(key).is_string());
    for (const char* key : {"published", "reproduced"}) CHECK(c.at(key).is_number());
    CHECK((c.at("corrected").is_number() || c.at("corrected").is_null()));
    CHECK(c["verdict"] != "not reproduced");
    ids.insert(c["id"]);
  }
  CHECK(ids.size() == all.size());
  for (const char* id : {"v2.5-slowdown-a", "v3.0-smallest-k", "nxn-layer", "derived-fifty"})
    CHECK(ids.count(id) == 1);
  const Json two = Json::parse(bench.run("reproduce nxn-layer nxn-time --json -").out);
  CHECK(two.size() == 2);
  CHECK(has(bench.run("reproduce nxn-layer").out, "8.192"));
}

TEST_CASE("list names what ships, and describe knows every name") {
  const Bench bench;
  const auto lines = [](const std::string& text) {
    std::vector<std::string> all;
    std::istringstream in(text);
    for (std::string l; std::getline(in, l);) all.push_back(l);
    return all;
  };
  for (const char* kind : {"hardware", "hosts", "models"}) {
    const Outcome o = bench.run(std::string("list ") + kind);
    CHECK(o.code == 0);
    CHECK(lines(o.out).size() >= 5);
    for (const std::string& name : lines(o.out)) {
      const Outcome d = bench.run("describe " + name);
      CAPTURE(name, d.err);
      CHECK(d.code == 0);
      CHECK(d.out.size() > 200);
    }
  }
  CHECK(lines(bench.run("list scenarios").out).size() >= 18);
  CHECK(lines(bench.run("list kernels").out).size() == 6);
  CHECK(has(bench.run("list policies").out, "optimistic"));
  const Outcome kinds = bench.run("list");
  CHECK(kinds.code == 0);
  CHECK(has(kinds.out, "scenarios"));
  CHECK(has(kinds.out, "kernels      6\n"));
  CHECK(bench.run("list modles").code == 2);
  CHECK(has(bench.run("list modles").err, "'models'"));
  CHECK(has(bench.run("describe a100-sxm-80gb").out, "datasheet: NVIDIA A100"));
  CHECK(has(bench.run("describe fused").out, "attention.kernel"));
  CHECK(has(bench.run("describe verification.window").out, "window"));
  CHECK(bench.run("describe a100-sxm-80g").code == 2);
}

TEST_CASE("check accepts every shipped file and refuses a broken one among good ones") {
  const Bench bench;
  const Outcome o = bench.run("check " FIELDSIM_SOURCE_DIR "/configs/*/*.yaml " FIELDSIM_SOURCE_DIR
                              "/configs/hardware/hosts/*.yaml");
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.empty());
  bench.write("small.yaml", kSmall);
  bench.write("bad.yaml", "hardware: a100-sxm-80gb\nmodle: llama-2-13b\n");
  bench.write("worse.yaml", "hardware: {gpu: {hbm: {bandwidth: 2 TB}}}\nmodel: llama-2-13b\n");
  const Outcome bad = bench.run("check small.yaml bad.yaml worse.yaml");
  CHECK(bad.code == 2);
  CHECK(has(bad.err, "bad.yaml:2:1"));
  CHECK(has(bad.err, "worse.yaml:1:35"));
  CHECK(bench.run("check small.yaml --set workload.batch=0").code == 2);
}

TEST_CASE("help and version are no errors") {
  const Bench bench;
  CHECK(bench.run("--version").code == 0);
  CHECK(has(bench.run("--version").out, "0."));
  CHECK(bench.run("--help").code == 0);
  CHECK(bench.run("run --help").code == 0);
  CHECK(has(bench.run("schema").out, "\"$schema\""));
  CHECK(bench.run("schema scenrio").code == 2);
}
