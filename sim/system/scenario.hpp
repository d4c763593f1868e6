#pragma once
// One what-if question: a machine, a model, what is asked of it, how attention and verification are
// done, what fails and what is then repaired. configs/scenarios/*.yaml; keys are the member names.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/attention/cost.hpp"
#include "sim/base/units.hpp"
#include "sim/hardware/params.hpp"
#include "sim/model/shape.hpp"
#include "sim/recovery/faults.hpp"
#include "sim/recovery/params.hpp"
#include "sim/serving/agents/params.hpp"
#include "sim/serving/anchor_params.hpp"
#include "sim/serving/requests/params.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::system {

enum class Fidelity {
  analytic,  // closed forms over the same operators
  event,     // operators as events on shared resources
  tile,      // the same, kernel bodies from tiles, waves and pipeline stages on the SMs
};

enum class LaunchMode { graph, eager };

struct Workload {
  std::int64_t prompt_tokens = 1024;                // of each sequence
  std::int64_t output_tokens = 256;                 // of each sequence
  std::int64_t batch = 1;                           // sequences in lockstep
  std::int64_t prefill_chunk = 2048;                // tokens of each sequence in one prefill step
  LaunchMode launch = LaunchMode::graph;            // of decode steps; prefill is launched eagerly
  std::optional<Duration> decode_step;              // pins the unverified step; reported as assumed
  std::optional<Duration> prefill;                  // pins the prefill; reported as assumed
  std::optional<serving::AgentsParams> agents;      // instead of prompt, output and batch
  std::optional<serving::RequestsParams> requests;  // likewise
  std::vector<serving::Request> traced;             // read from requests->trace
};

// What attention multiplies with: on parts without matrix units the rates differ by up to 64.
enum class Arithmetic {
  half,    // the device's FP16 matrix rate
  single,  // its FP32 vector rate
};

struct AttentionParams {
  attention::KernelKind kernel = attention::KernelKind::fused;
  std::int64_t anchor_tokens = 0;
  bool shared_anchors = true;  // one anchor set for the batch, or one per sequence
  double gamma = 0.3;          // the anchors' share of the mixture
  Arithmetic arithmetic = Arithmetic::half;
  std::int64_t page_tokens = 16;
  Bytes workspace = Bytes::raw(1 << 30);  // limit for score matrices of the unfused kernel
};

// Prices, to turn time and energy into money. All are assumptions of the scenario.
struct CostParams {
  double usd_per_device_hour = 0;
  double usd_per_kwh = 0;
  double facility = 1;  // power drawn by the building over that of the machine (PUE)
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

// Figures published for this scenario, to set beside the result.
struct PublishedFigure {
  std::string path;      // in the result JSON
  double value = 0;      // in that number's unit
  double tolerance = 0;  // relative: how far ours may be off; 0: shown, not judged
  std::string source;    // else that of the section
};
struct Published {
  std::optional<double> tokens_per_s;  // short for the path throughput.tokens_per_s
  std::string source;
  std::vector<PublishedFigure> figures;
};

struct Scenario {
  std::string name;
  std::string description;
  std::optional<Published> published;
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
  CostParams cost;
  SimulationParams simulation;
  std::uint64_t seed = 1;
};

}  // namespace fieldsim::system
