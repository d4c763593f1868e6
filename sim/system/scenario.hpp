#pragma once
// One what-if question: a machine, a model, what is asked of it, how attention and verification are
// done, what fails and what is then repaired. configs/scenarios/*.yaml; keys are the member names.
#include <cstdint>
#include <optional>
#include <string>

#include "sim/attention/cost.hpp"
#include "sim/base/units.hpp"
#include "sim/hardware/params.hpp"
#include "sim/model/shape.hpp"
#include "sim/recovery/faults.hpp"
#include "sim/recovery/params.hpp"
#include "sim/serving/anchor_params.hpp"
#include "sim/serving/agents/params.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::system {

enum class Fidelity {
  analytic,  // closed forms over the same operators
  event,     // operators as events on shared resources
  tile,      // the same, kernel bodies from tiles, waves and pipeline stages on the SMs
};

enum class LaunchMode { graph, eager };

struct Workload {
  std::int64_t prompt_tokens = 1024;            // of each sequence
  std::int64_t output_tokens = 256;             // of each sequence
  std::int64_t batch = 1;                       // sequences in lockstep
  std::int64_t prefill_chunk = 2048;            // tokens of each sequence in one prefill step
  LaunchMode launch = LaunchMode::graph;        // of decode steps; prefill is launched eagerly
  std::optional<Duration> decode_step;          // pins the unverified step; reported as assumed
  std::optional<Duration> prefill;              // pins the prefill; reported as assumed
  std::optional<serving::AgentsParams> agents;  // instead of prompt, output and batch
};

struct AttentionParams {
  attention::KernelKind kernel = attention::KernelKind::fused;
  std::int64_t anchor_tokens = 0;
  bool shared_anchors = true;  // one anchor set for the batch, or one per sequence
  double gamma = 0.3;          // the anchors' share of the mixture
  std::int64_t page_tokens = 16;
  Bytes workspace = Bytes::raw(1 << 30);  // limit for score matrices of the unfused kernel
};

struct SimulationParams {
  bool fast_forward = true;  // advance a quiet device in one event; changes no result
};

// A model as a file in configs/models gives it: the shape from config.json, and what was published.
struct PublishedModel {
  std::int64_t parameters = 0;
};
struct ModelFile {
  std::string name;
  std::string description;
  std::string hf_config;
  std::string source;
  std::optional<PublishedModel> published;
};

// A figure published for this scenario, to set beside the result.
struct PublishedFigure {
  double tokens_per_s = 0;
  std::string source;
};

struct Scenario {
  std::string name;
  std::string description;
  std::optional<PublishedFigure> published;
  Fidelity fidelity = Fidelity::event;
  hardware::HardwareParams hardware;
  ModelFile model_file;
  model::ModelShape model;  // read from model_file.hf_config
  Workload workload;
  AttentionParams attention;
  std::optional<serving::AnchorParams> anchors;  // without it, anchors lie in their pages
  attention::TrafficModel attention_traffic = attention::TrafficModel::kernel;
  verify::VerificationParams verification;
  recovery::Faults faults;
  recovery::RecoveryParams recovery;
  SimulationParams simulation;
  std::uint64_t seed = 1;
};

}  // namespace fieldsim::system
