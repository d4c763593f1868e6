// What the user sees when the input is wrong: exit code 2, the place, the nearest word, no output.
#include <catch2/catch.hpp>

#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;

namespace {

// Runs `text` as a scenario that must be refused, with a result file that must not appear.
std::string refused(const Bench& bench, const std::string& text) {
  bench.write("bad.yaml", text);
  const Outcome o =
      bench.run("run bad.yaml --json result.json --trace trace.json --csv result.csv");
  CAPTURE(text, o.err);
  CHECK(o.code == 2);
  CHECK(o.out.empty());
  CHECK(bench.files() == std::vector<std::string>{"bad.yaml"});
  return o.err;
}

const std::string kHead = "hardware: a100-sxm-80gb\nmodel: llama-2-13b\n";

}  // namespace

TEST_CASE("a misspelt key is refused with its place and the nearest key") {
  const Bench bench;
  const std::string e = refused(bench, kHead + "workload:\n  prompt_tokns: 12\n");
  CHECK(has(e, "bad.yaml:4:3"));
  CHECK(has(e, "prompt_tokns"));
  CHECK(has(e, "'prompt_tokens'"));
}

TEST_CASE("every problem of a file is told in one go") {
  const Bench bench;
  const std::string e = refused(bench, kHead +
                                           "workload: {prompt_tokens: 12.5, output_tokens: -1}\n"
                                           "verification: {timing: optimist, window: 0}\n"
                                           "sede: 4\n");
  CHECK(has(e, "bad.yaml:3:27"));
  CHECK(has(e, "bad.yaml:3:48"));
  CHECK(has(e, "bad.yaml:4:24"));
  CHECK(has(e, "'optimistic'"));
  CHECK(has(e, "bad.yaml:4:42"));
  CHECK(has(e, "'seed'"));
  CHECK(has(e, "5 problems"));
}

TEST_CASE("units are demanded and told apart") {
  const Bench bench;
  std::string e = refused(bench, kHead + "workload: {decode_step: 20}\n");
  CHECK(has(e, "bad.yaml:3:25"));
  CHECK(has(e, "workload.decode_step"));
  CHECK(has(e, "a unit is needed"));
  e = refused(bench, kHead + "workload: {decode_step: 20 GB}\n");
  CHECK(has(e, "bad.yaml:3:25"));
  e = refused(bench, kHead + "verification: {payload: {bytes: 4 Gb}}\n");
  CHECK(has(e, "bad.yaml:3:33"));
}

TEST_CASE("unknown parts and files are refused with the nearest name") {
  const Bench bench;
  std::string e = refused(bench, "hardware: a100-sxm-80g\nmodel: llama-2-13b\n");
  CHECK(has(e, "bad.yaml:1:11"));
  CHECK(has(e, "'a100-sxm-80gb'"));
  e = refused(bench, "hardware: a100-sxm-80gb\nmodel: llama-2-31b\n");
  CHECK(has(e, "bad.yaml:2:8"));
  CHECK(has(e, "'llama-2-13b'"));
  e = refused(bench, "hardware: a100-sxm-80gb\nmodel: {hf_config: missing/config.json}\n");
  CHECK(has(e, "bad.yaml:2"));
  CHECK(has(e, "missing/config.json"));
  e = refused(bench, "extends: paper_13b_64\n");
  CHECK(has(e, "bad.yaml:1"));
  CHECK(has(e, "'paper_13b_64k'"));
}

TEST_CASE("a scenario that is not there is refused with the nearest name") {
  const Bench bench;
  Outcome o = bench.run("run paper_13b_65k");
  CHECK(o.code == 2);
  CHECK(has(o.err, "'paper_13b_64k'"));
  o = bench.run("run ./nothing.yaml");
  CHECK(o.code == 2);
  CHECK(has(o.err, "nothing.yaml"));
  o = bench.run("run .");
  CHECK(o.code == 2);
  o = bench.run("compare v2_5_a v2_5_x");
  CHECK(o.code == 2);
  o = bench.run("reproduce nxn-lair");
  CHECK(o.code == 2);
  CHECK(has(o.err, "'nxn-layer'"));
}

TEST_CASE("missing keys, duplicates, two documents and contradictions are refused") {
  const Bench bench;
  CHECK(has(refused(bench, "model: llama-2-13b\n"), "hardware"));
  CHECK(has(refused(bench, kHead + "seed: 1\nseed: 2\n"), "bad.yaml:4:1"));
  CHECK_FALSE(refused(bench, kHead + "---\nseed: 1\n").empty());
  CHECK(has(refused(bench, kHead + "verification: {timing: optimistic}\n"), "anchor_tokens"));
  CHECK(has(refused(bench, kHead + "attention: {anchor_tokens: 1}\nverification:\n"
                                   "  boundary: {every_tokens: 1, every: 5 ms}\n"),
            "bad.yaml:5"));
  CHECK(has(refused(bench, kHead + "verification: {transfer: {memory: none, overlap: true}}\n"),
            "overlap"));
  CHECK_FALSE(refused(bench, "").empty());
}

TEST_CASE("errors on the command line are errors of the input") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  Outcome o = bench.run("run small.yaml --set workload.promt_tokens=3");
  CHECK(o.code == 2);
  CHECK(has(o.err, "prompt_tokens"));
  o = bench.run("run small.yaml --set workload.prompt_tokens");
  CHECK(o.code == 2);
  o = bench.run("run small.yaml --set workload.prompt_tokens=many");
  CHECK(o.code == 2);
  CHECK(bench.run("run small.yaml --seed -1").code == 2);
  CHECK(bench.run("run small.yaml --sed 1").code == 2);
  CHECK(bench.run("run").code == 2);
  CHECK(bench.run("").code == 2);
  o = bench.run("rnu small.yaml");
  CHECK(o.code == 2);
  CHECK(has(o.err, "'run'"));
  CHECK(bench.files() == std::vector<std::string>{"small.yaml"});
}

TEST_CASE("output that cannot be written is an error, and no part of a file stays") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  for (const char* target : {"no/such/folder/x.json", "/proc/x.json", "."}) {
    for (const char* command : {"run small.yaml --json ", "run small.yaml --report ",
                                "compare small.yaml small.yaml --report "}) {
      const Outcome o = bench.run(std::string(command) + target);
      CAPTURE(target, o.err);
      CHECK(o.code == 2);
      CHECK(has(o.err, target));
      CHECK(bench.files() == std::vector<std::string>{"small.yaml"});
    }
  }
  for (const char* option : {"--json", "--csv", "--trace", "--report"}) {
    const Outcome o = bench.run(std::string("run small.yaml -q ") + option + " /dev/full");
    CAPTURE(option, o.err);
    CHECK(o.code == 2);
    CHECK(has(o.err, "/dev/full"));
  }
  for (const char* command :
       {"run small.yaml", "run small.yaml --json -", "list models", "reproduce nxn-layer"})
    CHECK(bench.run(command, "/dev/full").code == 2);
  CHECK(bench.run("run small.yaml -q --json /dev/null").code == 0);
}

TEST_CASE("a simulation that leaves the range of its numbers says so with exit code 3") {
  const Bench bench;
  bench.write("small.yaml", kSmall);
  const Outcome o = bench.run(
      "run small.yaml --set workload.decode_step=9000000s --set workload.output_tokens=100");
  CAPTURE(o.err);
  CHECK(o.code == 3);
  CHECK_FALSE(o.err.empty());
}
