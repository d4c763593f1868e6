#pragma once
// A small scenario with every feature of a schema, for the tests of sim/config.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/config/schema.hpp"

namespace sample {

using namespace fieldsim;
using namespace fieldsim::literals;
using config::Schema;

enum class Kernel { fused, unfused };
enum class Engine { cpu_sha256, cpu_blake3 };
enum class Payload { anchor_kv, new_kv };

struct Workload {
  std::int64_t prompt_tokens = 1000;
  std::int64_t output_tokens = 256;
  std::optional<std::int64_t> batch = 1;
  std::optional<std::string> trace;
  std::optional<Duration> decode_step;
};

struct Hash {
  Engine engine = Engine::cpu_sha256;
  std::int64_t threads = 1;
};

struct Boundary {
  std::optional<std::int64_t> every_tokens = 32;
  std::optional<Duration> every_time;
};

struct Amount {
  std::optional<Payload> kind = Payload::anchor_kv;
  std::optional<Bytes> bytes;
};

struct Verification {
  Boundary boundary;
  Hash hash;
  Amount payload;
  std::int64_t window = 4;
  bool strict = false;
};

struct Hbm {
  Bytes capacity;  // zero is outside its range: it must be given
  BytesPerSecond bandwidth;
  double achieved = 1.0;
  std::vector<Duration> latencies;
};

struct Hardware {
  std::string name;
  Hbm hbm;
  std::int64_t lanes = 16;
};

struct Stage {
  std::string name;
  Duration delay = 1_us;
};

struct Scenario {
  std::string name = "unnamed";
  Hardware hardware;
  Workload workload;
  Kernel kernel = Kernel::fused;
  Verification verification;
  double failure = 0.0;
  std::vector<std::int64_t> seeds = {1};
  std::vector<Stage> stages;
  std::map<std::string, Stage> named;
  std::optional<Hash> audit;
  config::Value vary;
};

inline Schema<Hash> hash_schema() {
  Schema<Hash> s("hash", "Who hashes");
  s.choice("engine", &Hash::engine,
           {{"cpu_sha256", Engine::cpu_sha256, "SHA-256 on host cores"},
            {"cpu_blake3", Engine::cpu_blake3, "BLAKE3 on host cores"}},
           "the hash function and where it runs")
      .field("threads", &Hash::threads, "host threads")
      .range(1, 64)
      .shorthand("engine");
  return s;
}

inline Schema<Workload> workload_schema() {
  Schema<Workload> s("workload", "What is asked of the model");
  s.field("prompt_tokens", &Workload::prompt_tokens, "tokens in the prompt")
      .range(1, 1 << 24)
      .unit("tokens")
      .required()
      .field("output_tokens", &Workload::output_tokens, "tokens to generate")
      .at_least(1)
      .unit("tokens")
      .field("batch", &Workload::batch, "requests decoded together")
      .at_least(1)
      .file("trace", &Workload::trace, "a table of requests")
      .field("decode_step", &Workload::decode_step, "pins the unverified step")
      .range(1_ns, 10_s)
      .exactly_one_of({"batch", "trace"});
  return s;
}

inline Schema<Verification> verification_schema() {
  Schema<Boundary> boundary("boundary", "When a boundary is cut");
  boundary.field("every_tokens", &Boundary::every_tokens, "tokens between boundaries")
      .at_least(1)
      .field("every_time", &Boundary::every_time, "time between boundaries")
      .exactly_one_of({"every_tokens", "every_time"});
  Schema<Amount> amount("payload", "What is hashed");
  amount
      .choice("kind", &Amount::kind,
              {{"anchor_kv", Payload::anchor_kv, "keys and values of the anchors"},
               {"new_kv", Payload::new_kv, "keys and values since the last boundary"}},
              "a named part of the state")
      .field("bytes", &Amount::bytes, "a fixed amount")
      .exactly_one_of({"kind", "bytes"})
      .shorthand("kind");
  Schema<Verification> s("verification", "How the state is verified");
  s.section("boundary", &Verification::boundary, boundary, "when a boundary is cut")
      .section("hash", &Verification::hash, hash_schema(), "who hashes")
      .section("payload", &Verification::payload, amount, "what is hashed")
      .field("window", &Verification::window, "unverified boundaries in flight")
      .range(0, 64)
      .field("strict", &Verification::strict, "stop at the first failure")
      .check([](const Verification& v, config::Report& report) {
        if (v.strict && v.window > 1)
          report.problem("window", "a strict verification has a window of at most 1");
      });
  return s;
}

inline Schema<Hardware> hardware_schema() {
  Schema<Hbm> hbm("hbm", "Device memory");
  hbm.field("capacity", &Hbm::capacity, "what a program can allocate")
      .at_least(1_B)
      .field("bandwidth", &Hbm::bandwidth, "datasheet peak")
      .at_least(BytesPerSecond::raw(1))
      .required()
      .field("achieved", &Hbm::achieved, "share of the peak")
      .range(0.0, 1.0)
      .field("latencies", &Hbm::latencies, "one for each distance")
      .items(0, 8);
  Schema<Hardware> s("hardware", "The machine");
  s.field("name", &Hardware::name, "what it is called")
      .required()
      .section("hbm", &Hardware::hbm, hbm, "device memory")
      .field("lanes", &Hardware::lanes, "PCIe lanes")
      .range(1, 32)
      .needs_no_source()
      .sourced(config::Sources::demanded);
  return s;
}

inline Schema<Scenario> scenario_schema() {
  Schema<Stage> stage("stage", "One step");
  stage.field("name", &Stage::name, "what it is called")
      .required()
      .field("delay", &Stage::delay, "how long it takes")
      .shorthand("name");
  Schema<Scenario> s("scenario", "One run");
  s.field("name", &Scenario::name, "a title for reports")
      .reference("hardware", &Scenario::hardware, hardware_schema(), "hardware", "the machine")
      .section("workload", &Scenario::workload, workload_schema(), "what is asked of the model")
      .choice("kernel", &Scenario::kernel,
              {{"fused", Kernel::fused, "one pass"}, {"unfused", Kernel::unfused, "two passes"}},
              "the attention kernel")
      .section("verification", &Scenario::verification, verification_schema(), "how it is verified")
      .field("failure", &Scenario::failure, "probability of a failed verdict")
      .range(0, 1)
      .field("seeds", &Scenario::seeds, "one run for each")
      .at_least(0)
      .items(1, 100)
      .list("stages", &Scenario::stages, stage, "in order")
      .map_of("named", &Scenario::named, stage, "by name")
      .section("audit", &Scenario::audit, hash_schema(), "a second hash")
      .field("vary", &Scenario::vary, "anything");
  return s;
}

}  // namespace sample
