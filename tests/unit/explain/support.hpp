#pragma once
// A scenario whose every time is chosen by the test, explained.
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/catalogue.hpp"
#include "sim/report/explain.hpp"
#include "sim/report/json.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::test {

namespace ex = system::explain;

// A file that lives as long as this object.
class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("fieldsim_explain_{}.yaml", ::getpid())) {
    std::ofstream(path_) << text;
  }
  ~File() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A step of 1 ms, then a verdict that takes one ledger round trip and nothing else.
inline std::string timed(const std::string& timing, const std::string& round_trip) {
  return fmt::format(R"(
hardware:
  extends: a100-sxm-80gb
  host: {{extends: epyc-7742, sha256: {{per_call: {{value: 0 s, source: "assumed: none here"}}}}}}
model: llama-2-13b
workload: {{prompt_tokens: 128, output_tokens: 400, decode_step: 1 ms, prefill: 0 s}}
attention: {{kernel: none}}
verification:
  timing: {}
  boundary: {{every_tokens: 1}}
  window: 4
  payload: {{bytes: 0 B}}
  hash: cpu_sha256
  transfer: none
  ledger: {{consistency: linearizable, round_trip: {}, entries: 1}}
recovery: {{truncate: 0 s}}
)",
                     timing, round_trip);
}

struct Explained {
  system::LoadedScenario loaded;
  system::Result result;
  hardware::TaskLog log;
  ex::Explanation e;

  const ex::Elasticity& elasticity(const std::string& path) const {
    for (const ex::Elasticity& one : e.elasticities)
      if (one.parameter.knob.path() == path) return one;
    FAIL("no elasticity of " << path);
    return e.elasticities.front();
  }
  const ex::Alone& alone(const std::string& path) const {
    for (const ex::Alone& one : e.alone)
      if (one.path == path) return one;
    FAIL("no search for " << path);
    return e.alone.front();
  }
};

inline Explained explained(const std::string& reference, const std::vector<std::string>& set = {},
                           const std::string& metric = "throughput.tokens_per_s") {
  Explained x;
  x.loaded = system::load_scenario(reference, config::Catalogue(), set);
  x.result = system::simulate(x.loaded.scenario, nullptr, &x.log);
  const double value = report::metric_value(report::result_json(x.loaded, x.result, false), metric);
  x.e = ex::explain(x.loaded.scenario, x.result, &x.log, ex::metric_of(metric), value,
                    report::evaluator(reference, set, metric));
  return x;
}

}  // namespace fieldsim::test
