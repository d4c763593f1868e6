#include "sim/config/read.hpp"

#include <string>

#include "sample.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"
#include "support.hpp"

using namespace sample;
using config::Loaded;

namespace {
// A complete scenario; `more` goes below it.
std::string scenario(const std::string& more) {
  return "workload: {prompt_tokens: 64000}\n"
         "hardware: {name: x, hbm: {capacity: {value: 1 GiB, source: 'assumed: x'},"
         " bandwidth: {value: 1 TB/s, source: 'assumed: x'}}}\n" +
         more;
}

Loaded<Scenario> load(const std::string& text) {
  static const Schema<Scenario> schema = scenario_schema();
  return config::read(schema, config::parse_text(text, "s.yaml"));
}

std::string problems(const std::string& text) {
  return test::problems([&] { load(text); });
}
}  // namespace

TEST_CASE("a file sets what it gives and leaves the defaults") {
  const Loaded<Scenario> s = load(
      scenario("name: 13B at 64k\nkernel: unfused\nfailure: 0.1 %\nseeds: [1, 2e1]\n"
               "verification: {strict: true, window: 1, hash: {threads: 4}}\n"
               "stages: [{name: a, delay: 2 us}, b]\nnamed: {x: {name: c}}\nvary: {a: [1]}\n"));
  CHECK(s.value.name == "13B at 64k");
  CHECK(s.value.kernel == Kernel::unfused);
  CHECK(s.value.failure == 0.001);
  CHECK(s.value.seeds == std::vector<std::int64_t>{1, 20});
  CHECK(s.value.workload.prompt_tokens == 64000);
  CHECK(s.value.workload.output_tokens == 256);
  CHECK(s.value.verification.strict);
  CHECK(s.value.verification.hash.threads == 4);
  CHECK(s.value.verification.hash.engine == Engine::cpu_sha256);
  REQUIRE(s.value.stages.size() == 2);
  CHECK(s.value.stages[0].delay == 2_us);
  CHECK(s.value.stages[1].name == "b");
  CHECK(s.value.named.at("x").name == "c");
  CHECK_FALSE(s.value.audit);
  CHECK(config::flow_text(s.value.vary) == "{a: [1]}");
  CHECK(s.value.hardware.hbm.capacity == 1_GiB);
}

TEST_CASE("every problem of a file is reported in one go and in order") {
  CHECK(
      problems("name: x\n"
               "kernal: fused\n"
               "workload:\n"
               "  prompt_tokens: 0\n"
               "  output_tokens: many\n"
               "  decode_step: 5\n"
               "verification:\n"
               "  threads: 2\n"
               "  hash: {engine: cpu_sha25, threads: 65}\n"
               "  window: '4'\n"
               "seeds: []\n"
               "hardware: {hbm: [1]}\n"
               "stages: 5\n"
               "failure:\n") ==
      "s.yaml:2:1: kernal: unknown key (did you mean 'kernel'?)\n"
      "s.yaml:4:18: workload.prompt_tokens: '0' is out of range: expected 1 .. 16777216 tokens\n"
      "s.yaml:5:18: workload.output_tokens: expected a whole number, got 'many': it does not start "
      "with a number (counts tokens)\n"
      "s.yaml:6:16: workload.decode_step: expected a time such as '5 us', got '5': a unit is "
      "needed\n"
      "s.yaml:8:3: verification.threads: unknown key (did you mean 'verification.hash.threads'?)\n"
      "s.yaml:9:18: verification.hash.engine: expected one of cpu_sha256, cpu_blake3, got "
      "'cpu_sha25' (did you mean 'cpu_sha256'?)\n"
      "s.yaml:9:38: verification.hash.threads: '65' is out of range: expected 1 .. 64\n"
      "s.yaml:10:11: verification.window: expected a whole number, got the quoted text \"4\"\n"
      "s.yaml:11:1: seeds: has 0 items, at least 1 are needed\n"
      "s.yaml:12:1: hardware.name: is missing: what it is called (text)\n"
      "s.yaml:12:17: hardware.hbm: expected a section with keys such as capacity, got a list of 1\n"
      "s.yaml:13:9: stages: expected a list of section stage, got '5'\n"
      "s.yaml:14:1: failure: has no value: expected ratio; delete the line to take the default");
}

TEST_CASE("a missing section misses what it requires") {
  CHECK_THAT(problems("name: x\n"),
             Catch::Contains("s.yaml:1:1: workload.prompt_tokens: is missing: tokens in the prompt "
                             "(count of tokens)"));
}

TEST_CASE("a range of a quantity is shown with its unit") {
  CHECK(problems(scenario("verification: {boundary: {every_time: 1 ps}}\n")).empty());
  CHECK_THAT(
      problems("workload: {prompt_tokens: 1, decode_step: 1 ps}\n"),
      Catch::Contains("workload.decode_step: '1 ps' is out of range: expected 1 ns .. 10 s"));
}

TEST_CASE("a scalar in place of a section is its shorthand") {
  const Loaded<Scenario> s =
      load(scenario("verification: {hash: cpu_blake3, payload: new_kv}\naudit: cpu_blake3\n"));
  CHECK(s.value.verification.hash.engine == Engine::cpu_blake3);
  CHECK(s.value.verification.payload.kind == Payload::new_kv);
  CHECK(s.value.audit->engine == Engine::cpu_blake3);
  CHECK_THAT(problems(scenario("verification: {hash: gpu}\n")),
             Catch::Contains("s.yaml:3:22: verification.hash.engine: expected one of"));
  CHECK_THAT(problems(scenario("verification: {boundary: 32}\n")),
             Catch::Contains("s.yaml:3:26: verification.boundary: expected a section with keys "
                             "such as every_tokens, got '32'"));
}

TEST_CASE("an alternative that is given empties the default one") {
  const Loaded<Scenario> s =
      load(scenario("verification: {boundary: {every_time: 1 ms}, payload: {bytes: 4 MiB}}\n"));
  CHECK_FALSE(s.value.verification.boundary.every_tokens);
  CHECK(s.value.verification.boundary.every_time == 1_ms);
  CHECK_FALSE(s.value.verification.payload.kind);
}

TEST_CASE("two alternatives are one too many, and none is one too few") {
  CHECK_THAT(
      problems(
          scenario("verification:\n  boundary:\n    every_tokens: 32\n    every_time: 1 ms\n")),
      Catch::Contains("s.yaml:6:5: verification.boundary.every_time: only one of every_tokens, "
                      "every_time may be given, and 'every_tokens' is already, in line 5"));
  CHECK_THAT(problems(scenario("verification: {boundary: {every_tokens: null}}\n")),
             Catch::Contains(
                 "s.yaml:3:16: verification.boundary: one of every_tokens, every_time is needed"));
}

TEST_CASE("null unsets an optional and nothing else") {
  CHECK_FALSE(load(scenario("audit: null\n")).value.audit);
  CHECK_THAT(problems(scenario("verification: {window: }\n")),
             Catch::Contains("verification.window: has no value"));
  CHECK_THAT(problems(scenario("seeds: [1, null]\n")),
             Catch::Contains("s.yaml:3:12: seeds[1]: has no value"));
}

TEST_CASE("a cross-field rule runs on what was read and points at its key") {
  CHECK(problems(scenario("verification:\n  window: 4\n  strict: true\n")) ==
        "s.yaml:4:3: verification.window: a strict verification has a window of at most 1");
  CHECK(problems(scenario("verification:\n  strict: true\n")) ==
        "s.yaml:3:1: verification.window: a strict verification has a window of at most 1");
  // The window is not read, so the rule has nothing to say.
  CHECK_THAT(problems(scenario("verification:\n  window: x\n  strict: true\n")),
             !Catch::Contains("strict verification"));
}

TEST_CASE("a list names its item and a map its key") {
  CHECK_THAT(problems(scenario("stages: [{name: a}, {delay: 1 s}]\n")),
             Catch::Contains("s.yaml:3:21: stages[1].name: is missing"));
  CHECK_THAT(problems(scenario("named: {x: {name: a, dely: 1 s}}\n")),
             Catch::Contains("named.x.dely: unknown key (did you mean 'delay'?)"));
  CHECK_THAT(problems(scenario("seeds: [1, -1]\n")),
             Catch::Contains("seeds[1]: '-1' is out of range: expected at least 0"));
}

TEST_CASE("a file that is named must exist") {
  CHECK_THAT(problems("workload: {prompt_tokens: 1, trace: nowhere.csv}\n"),
             Catch::Contains("s.yaml:1:37: workload.trace: no such file: nowhere.csv"));
}

TEST_CASE("a root that is no section is refused") {
  CHECK_THAT(problems("[1, 2]\n"), Catch::Contains("s.yaml:1:1: expected a section"));
  CHECK_THAT(problems("hello\n"), Catch::Contains("s.yaml:1:1: expected a section"));
}

TEST_CASE("a reference that nobody resolved is an error") {
  CHECK_THAT(problems("hardware: a100\nworkload: {prompt_tokens: 1}\n"),
             Catch::Contains("s.yaml:1:11: hardware: the file it names was not read"));
}

TEST_CASE("a flood of unknown keys is cut") {
  std::string text = scenario("");
  for (int i = 0; i < 40'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const std::string all = problems(text);
  CHECK(std::count(all.begin(), all.end(), '\n') == 200);
  CHECK_THAT(all, Catch::Contains("more problems; the first 200 are shown"));
}

TEST_CASE("a key path is legal or has a nearest legal one") {
  const Schema<Scenario> s = scenario_schema();
  CHECK(config::find_path(s.node(), "verification.boundary.every_tokens"));
  CHECK(config::find_path(s.node(), "hardware.hbm.bandwidth").node->dimension ==
        config::Dimension::bandwidth);
  CHECK(config::find_path(s.node(), "named.anything.delay"));
  CHECK(config::find_path(s.node(), "verification").node->is_section());
  CHECK(config::find_path(s.node(), "verificaton.boundry.every_tokens").nearest ==
        "verification.boundary.every_tokens");
  CHECK(config::find_path(s.node(), "verificaton").nearest == "verification");
  CHECK(config::find_path(s.node(), "boundary.every_tokens").nearest ==
        "verification.boundary.every_tokens");
  CHECK(config::find_path(s.node(), "workload.prompt_tokens.x").unknown ==
        "workload.prompt_tokens.x");
  for (const char* bad : {"", ".", "workload.", "workload..batch", "nothing.like.it", "seeds.0"}) {
    INFO(bad);
    CHECK_FALSE(config::find_path(s.node(), bad));
  }
}

TEST_CASE("a number whose default is outside its range must be given") {
  CHECK_THAT(problems("workload: {prompt_tokens: 1}\nhardware: {name: x}\n"),
             Catch::Contains("s.yaml:2:1: hardware.hbm.capacity: is missing: what a program can "
                             "allocate (size)"));
}
