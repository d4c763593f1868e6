#pragma once
// Scenarios of the tests: shipped ones with assignments over them, and one from text whose every
// time is chosen by the test.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/config/catalogue.hpp"
#include "sim/system/load.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::system::test {

using namespace fieldsim::literals;

inline LoadedScenario shipped(const std::string& name, const std::vector<std::string>& set = {}) {
  return load_scenario(name, config::Catalogue(), set);
}

inline LoadedScenario from_text(const std::string& text, const std::vector<std::string>& set = {}) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("fieldsim_scenario_" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << text;
  LoadedScenario loaded = load_scenario(path.string(), config::Catalogue(), set);
  std::filesystem::remove(path);
  return loaded;
}

// A step of T, a verdict after V and a rollback of R: nothing else takes time.
struct Timed {
  Duration T = 1_ms, V = 3'500_us, R = Duration::zero();
  double p = 0;
  std::int64_t tokens = 100, k = 1, window = 64;
  std::uint64_t seed = 1;
  verify::Timing timing = verify::Timing::optimistic;
};

inline Scenario timed_base() {
  LoadedScenario loaded = from_text(R"(
hardware: a100-sxm-80gb
model: llama-2-13b
workload: {prompt_tokens: 128, output_tokens: 100, decode_step: 1 ms, prefill: 0 s}
attention: {kernel: none}
verification:
  timing: optimistic
  boundary: {every_tokens: 1}
  window: 64
  workers: 64
  payload: {bytes: 0 B}
  hash: cpu_sha256
  transfer: none
  ledger: {consistency: linearizable, round_trip: 3.5 ms, entries: 1}
recovery: {retry_limit: 1000000, truncate: 0 s}
)");
  // An empty digest still costs a call: here it does not.
  loaded.scenario.hardware.host.sha256.per_call = Duration::zero();
  return loaded.scenario;
}

inline Scenario timed(const Timed& t) {
  static const Scenario base = timed_base();
  Scenario s = base;
  s.workload.decode_step = t.T;
  s.workload.output_tokens = t.tokens;
  s.verification.timing = t.timing;
  s.verification.boundary.every_tokens = t.k;
  s.verification.window = t.window;
  s.verification.ledger.round_trip = t.V;
  s.recovery.truncate = t.R;
  s.faults.verdict_failure = t.p;
  s.seed = t.seed;
  return s;
}

inline Result run(const Timed& t) { return simulate(timed(t)); }

inline Timed synchronous(Timed t) {
  t.timing = verify::Timing::pessimistic;
  return t;
}

}  // namespace fieldsim::system::test
