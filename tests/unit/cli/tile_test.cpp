// The tile level as a user meets it: a scenario at tile fidelity, what explain says and draws, and
// points that calibrate turns into a hardware file that runs.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;

namespace {
const char* kTile =
    "hardware: a100-sxm-80gb\n"
    "model: llama-2-13b\n"
    "fidelity: tile\n"
    "workload: {prompt_tokens: 500, output_tokens: 4}\n"
    "attention: {kernel: fused, anchor_tokens: 64}\n";
}  // namespace

TEST_CASE("explain at tile fidelity: text, JSON that adds up, and a trace") {
  const Bench bench;
  bench.write("s.yaml", kTile);
  const Outcome text = bench.run("explain s.yaml --fidelity tile --trace t.json");
  CAPTURE(text.err);
  REQUIRE(text.code == 0);
  for (const char* word : {"qkv_proj", "attention", "tail", "combine", "per SM", "prefill chunk"})
    CHECK(has(text.out, word));
  CHECK(has(bench.read("t.json"), "tile 0"));
  const Outcome json = bench.run("explain s.yaml --fidelity tile --json -");
  const auto j = nlohmann::json::parse(json.out);
  double sum = 0;
  for (const auto& op : j.at("decode").at("operators"))
    for (const auto& [part, seconds] : op.at("parts_s").items()) sum += seconds.get<double>();
  CHECK(sum == Approx(j.at("decode").at("time_s").get<double>()));
  CHECK(bench.run("explain s.yaml --fidelity tile --json -").out == json.out);
}

TEST_CASE("a tile that does not fit is found by check, at its place in the file") {
  const Bench bench;
  bench.write("s.yaml", kTile);
  const Outcome o = bench.run("check s.yaml --set hardware.gpu.sm.shared_memory_per_cta=32KiB");
  CHECK(o.code == 2);
  CHECK(has(o.err, "s.yaml:3:"));
  CHECK(has(o.err, "more than the 32768 B"));
  CHECK(has(bench.run("run s.yaml --set hardware=tpu-v5e").err, "no tile-level kernels"));
}

TEST_CASE("calibrate turns points into a hardware file that runs") {
  const Bench bench;
  bench.write("s.yaml", kTile);
  bench.write("nvb.json",
              "{\"nvbandwidth\": {\"testcases\": [{\"name\": \"device_to_host_memcpy_ce\", "
              "\"bandwidth_matrix\": [[\"21.5\"]]}]}}");
  const Outcome o = bench.run("calibrate nvb.json --hardware a100-sxm-80gb -o fitted.yaml");
  CAPTURE(o.err);
  REQUIRE(o.code == 0);
  CHECK(has(o.out, "link.to_host"));
  CHECK(has(o.out, "not identified: link.submit"));
  CHECK(bench.run("check fitted.yaml").code == 0);
  CHECK(bench.run("run s.yaml --set hardware=./fitted.yaml").code == 0);
  bench.write("nothing.json", "{\"nvbandwidth\": {\"testcases\": []}}");
  CHECK(bench.run("calibrate nothing.json --hardware a100-sxm-80gb -o n.yaml").code == 2);
}
