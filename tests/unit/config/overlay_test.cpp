#include "sim/config/overlay.hpp"

#include <string>

#include "sample.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/read.hpp"
#include "support.hpp"

using namespace sample;
using config::Value;

namespace {
const Schema<Scenario>& schema() {
  static const Schema<Scenario> s = scenario_schema();
  return s;
}
Value parse(const std::string& text, const std::string& file = "low.yaml") {
  return config::parse_text(text, file);
}
std::string over(const std::string& low, const std::string& high) {
  return config::flow_text(config::overlay(parse(low), parse(high, "high.yaml"), schema().node()));
}
std::string after_set(const std::string& low, const std::string& assignment) {
  return config::flow_text(config::set(parse(low), assignment, schema().node()));
}
std::string set_problem(const std::string& low, const std::string& assignment) {
  return test::problems([&] { after_set(low, assignment); });
}
}  // namespace

TEST_CASE("maps merge, lists and scalars replace") {
  CHECK(over("name: a\nseeds: [1, 2]\nworkload: {prompt_tokens: 5, output_tokens: 6}\n",
             "seeds: [3]\nworkload: {output_tokens: 7, batch: 8}\n") ==
        "{name: a, seeds: [3], workload: {prompt_tokens: 5, output_tokens: 7, batch: 8}}");
}

TEST_CASE("every value of an overlay keeps its own position") {
  const Value v = config::overlay(parse("workload:\n  prompt_tokens: 5\n  output_tokens: 6\n"),
                                  parse("# two\n\nworkload: {output_tokens: 7}\n", "high.yaml"),
                                  schema().node());
  const Value& w = v.find("workload")->value;
  CHECK(w.find("prompt_tokens")->value.where.str() == "low.yaml:2:18");
  CHECK(w.find("output_tokens")->value.where.str() == "high.yaml:3:27");
  CHECK(w.find("output_tokens")->where.str() == "high.yaml:3:12");
}

TEST_CASE("a problem in a layer is reported in that layer") {
  const Value v =
      config::set(config::overlay(parse("workload:\n  prompt_tokens: 0\n"),
                                  parse("workload: {batch: x}\n", "high.yaml"), schema().node()),
                  "workload.output_tokens=0", schema().node());
  const std::string all = test::problems([&] { config::read(schema(), v); });
  CHECK_THAT(all, Catch::Contains("low.yaml:2:18: workload.prompt_tokens: '0' is out of range"));
  CHECK_THAT(all, Catch::Contains("high.yaml:1:19: workload.batch: expected a whole number"));
  CHECK_THAT(all,
             Catch::Contains(
                 "--set workload.output_tokens=0: workload.output_tokens: '0' is out of range"));
}

TEST_CASE("an alternative of an upper layer replaces the one below") {
  CHECK(over("verification: {boundary: {every_tokens: 16}, window: 2}\n",
             "verification: {boundary: {every_time: 1 ms}}\n") ==
        "{verification: {boundary: {every_time: 1 ms}, window: 2}}");
  CHECK(over("verification: {payload: anchor_kv}\n", "verification: {payload: {bytes: 4 MiB}}\n") ==
        "{verification: {payload: {bytes: 4 MiB}}}");
  CHECK(after_set("workload: {batch: 4}\n", "workload.trace=x.csv") ==
        "{workload: {trace: x.csv}}");
}

TEST_CASE("a map over a shorthand adds to it") {
  CHECK(over("verification: {hash: cpu_blake3}\n", "verification: {hash: {threads: 4}}\n") ==
        "{verification: {hash: {engine: cpu_blake3, threads: 4}}}");
  CHECK(after_set("verification: {hash: cpu_blake3}\n", "verification.hash.threads=4") ==
        "{verification: {hash: {engine: cpu_blake3, threads: 4}}}");
  CHECK(over("verification: {hash: {threads: 4}}\n", "verification: {hash: cpu_blake3}\n") ==
        "{verification: {hash: cpu_blake3}}");
}

TEST_CASE("a map over the name of a file extends that file") {
  CHECK(after_set("hardware: a100\n", "hardware.lanes=8") ==
        "{hardware: {extends: a100, lanes: {value: 8, source: assumed: set by the user at --set "
        "hardware.lanes=8}}}");
  CHECK(over("hardware: {extends: a100, name: x}\n", "hardware: {extends: h100}\n") ==
        "{hardware: {extends: h100}}");
  CHECK(over("hardware: {extends: a100, name: x}\n", "hardware: h100\n") == "{hardware: h100}");
}

TEST_CASE("a number set over a sourced one is assumed") {
  const char* const low =
      "hardware: {hbm: {bandwidth: {value: 2 TB/s, source: 'datasheet: x', note: n}}}\n";
  CHECK(over(low, "hardware:\n  hbm: {bandwidth: 3 TB/s}\n") ==
        "{hardware: {hbm: {bandwidth: {value: 3 TB/s, source: assumed: set by the user at "
        "high.yaml:2:20}}}}");
  CHECK(over(low, "hardware: {hbm: {bandwidth: {value: 3 TB/s}}}\n") ==
        "{hardware: {hbm: {bandwidth: {value: 3 TB/s, source: assumed: set by the user at "
        "high.yaml:1:37}}}}");
  CHECK(over(low, "hardware: {hbm: {bandwidth: {value: 3 TB/s, source: 'measured: y'}}}\n") ==
        "{hardware: {hbm: {bandwidth: {value: 3 TB/s, source: \"measured: y\"}}}}");
  CHECK(over(low, "hardware: {hbm: {bandwidth: {note: m}}}\n") ==
        "{hardware: {hbm: {bandwidth: {value: 2 TB/s, source: \"datasheet: x\", note: m}}}}");
}

TEST_CASE("set makes the sections it needs and takes lists, maps and text") {
  CHECK(after_set("name: a\n", "verification.boundary.every_tokens=64") ==
        "{name: a, verification: {boundary: {every_tokens: 64}}}");
  CHECK(after_set("name: a\n", "seeds=[1, 2]") == "{name: a, seeds: [1, 2]}");
  CHECK(after_set("name: a\n", "verification.hash={engine: cpu_blake3, threads: 2}") ==
        "{name: a, verification: {hash: {engine: cpu_blake3, threads: 2}}}");
  CHECK(after_set("name: a\n", "name=a: b # c = d") == "{name: a: b # c = d}");
  CHECK(after_set("name: a\n", "name='q'") == "{name: \"q\"}");
  CHECK(after_set("workload: {batch: 1}\n", "workload.batch=null") == "{workload: {batch: null}}");
  CHECK(after_set("workload: {batch: 1}\n", "workload.batch=") == "{workload: {batch: null}}");
}

TEST_CASE("set refuses a path the schema does not know") {
  CHECK(set_problem("name: a\n", "verification.boundry.every_tokens=1") ==
        "--set verification.boundry.every_tokens=1: verification.boundry.every_tokens: there is no "
        "key 'verification.boundry' (did you mean 'verification.boundary.every_tokens'?)");
  CHECK_THAT(set_problem("name: a\n", "workload.batch.x=1"),
             Catch::Contains("there is no key 'workload.batch.x'"));
  CHECK_THAT(set_problem("name: a\n", "name"), Catch::Contains("expected path.to.key=value"));
  CHECK_THAT(set_problem("name: a\n", "=1"), Catch::Contains("expected path.to.key=value"));
  CHECK_THAT(set_problem("name: a\n", "seeds=[1, 2"),
             Catch::StartsWith("--set seeds=[1, 2: a key must be"));
}

TEST_CASE("set refuses to go through a value") {
  CHECK(set_problem("verification: 5\n", "verification.window=2") ==
        "--set verification.window=2: verification.window: 'verification' is '5', set at "
        "low.yaml:1:15, and has no keys");
  CHECK_THAT(set_problem("verification: [1]\n", "verification.window=2"),
             Catch::Contains("is a list of 1"));
}

TEST_CASE("an overlay of many keys takes linear time") {
  std::string text = "vary:\n";
  for (int i = 0; i < 40'000; ++i) text += "  k" + std::to_string(i) + ": 1\n";
  const Value low = parse(text);
  const Value v = config::overlay(low, low, schema().node());
  CHECK(v.find("vary")->value.fields.size() == 40'000);
}
