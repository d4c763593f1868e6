#include "sim/system/tile_program.hpp"

#include <algorithm>

#include "sim/attention/tile/elementwise.hpp"
#include "sim/base/error.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/system/program.hpp"
#include "sim/system/tile_params.hpp"

namespace fieldsim::system {

using attention::tile::Breakdown;
using hardware::Category;
using hardware::gpu::Kernel;
using hardware::tile::duration_of;
using model::OperatorKind;

namespace {

constexpr std::int64_t kElementBytes = 2;  // of weights and activations the products are for
// rope_kv_write is two launches; the second is in the attention kernels' predicted time.
constexpr const char* kRopeAndWrite = "rope_kv_write";

double real(Bytes b) { return static_cast<double>(b.count()); }

// The largest share of the datasheet bandwidth that any kind of kernel reaches.
double best_share(const hardware::tile::TileParams& p) {
  return std::max({p.decode.dram_share, p.prefill.dram_share, p.gemm.dram_share,
                   p.quantize.dram_share, p.scale.dram_share});
}

}  // namespace

TileKernels::TileKernels(const Scenario& scenario)
    : s_(scenario),
      target_{hardware::tile::shape_of(scenario.hardware.gpu), tile_params(scenario.hardware.gpu),
              scenario.hardware.gpu.architecture},
      bandwidth_(hardware::gpu::effective_bandwidth(machine_params(scenario).gpu.hbm)) {}

TileKernels::Prediction TileKernels::predict(const model::Operator& op, std::int64_t rows) {
  if (op.kind == OperatorKind::gemm) {
    const auto& g = op.gemm;
    auto [at, fresh] = products_.try_emplace({g.m, g.n, g.k, g.groups});
    if (fresh) {
      attention::tile::GemmCall call{g.m, g.n, g.k, 1, true};
      call.groups = g.groups;
      const auto choice = gemm_time(call, target_.shape, target_.params.gemm);
      at->second = {breakdown(choice), demand(call, choice, target_.shape), tiling(choice)};
    }
    return at->second;
  }
  const bool with_cache_write =
      op.name == kRopeAndWrite && attention::tile::writes_cache(s_.attention.kernel);
  const auto launches = static_cast<double>(with_cache_write ? 1 : op.launches);
  const Bytes bytes = op.weight_bytes + op.activation_in + op.activation_out;
  const bool cold = op.kind == OperatorKind::embedding;  // rows of a table that nothing else reads
  const attention::tile::ElementwiseCall call{rows, real(bytes) / static_cast<double>(op.launches),
                                              cold};
  attention::tile::Demand need = attention::tile::demand(call.bytes * launches, target_.shape);
  if (!hardware::tile::memory_level(target_.shape, call.bytes, 1, cold).resident)
    need.dram = call.bytes * launches / target_.shape.dram;
  return {breakdown(elementwise_time(call, target_.shape, target_.params.quantize)) * launches,
          need,
          {}};
}

void TileKernels::set_times(Kernel& k, const model::Operator& op, std::int64_t rows) {
  set_times(k, predict(op, rows).time);
}

void TileKernels::set_times(Kernel& k, const attention::tile::SequenceKernel& predicted) const {
  // What the model finds in L2 (partial results, anchors that sequences share) is no traffic.
  k.hbm = std::min(k.hbm, Bytes::raw(static_cast<std::int64_t>(predicted.dram_bytes)));
  k.hbm_anchors = std::min(k.hbm, k.hbm_anchors);
  set_times(k, predicted.time);
}

void TileKernels::set_times(Kernel& k, const Breakdown& time) const {
  k.timed = true;
  k.launch = duration_of(time.launch);
  const Duration body = duration_of(time.total()) - k.launch;
  k.hbm_cap = bandwidth_;
  // The time holds what the pass streams; a norm's few weight bytes are not looked at one by one.
  const Bytes most = amount_in(body, bandwidth_);
  k.hbm = std::min(k.hbm, most);
  k.hbm_anchors = std::min(k.hbm_anchors, k.hbm);
  k.compute = std::min(k.compute, body);
  const Duration moving = k.hbm > Bytes::zero() ? time_for(k.hbm, bandwidth_) : Duration::zero();
  k.fixed = body - std::min(body, std::max(moving, k.compute));
}

Kernel TileKernels::quantize(Bytes payload) const {
  const auto& model = s_.model;
  const std::int64_t columns = std::max<std::int64_t>(
      1, model::decode_geometry(model).cached_elements());  // one token's KV in one layer
  const std::int64_t elements = payload.count() / kElementBytes;
  attention::tile::QuantizeCall call{std::max<std::int64_t>(1, elements / columns), columns, true};
  const auto q = quantize_time(call, target_.shape, target_.params.quantize);
  Kernel k;
  k.name = "quantise";
  k.category = Category::quantize;
  k.hbm = payload + payload / kElementBytes;
  set_times(k, breakdown(q));
  k.launch = Duration::zero();  // the host launches it: the stream's gap
  return k;
}

hardware::HardwareParams machine_params(const Scenario& s) {
  hardware::HardwareParams h = s.hardware;
  if (s.fidelity != Fidelity::tile) return h;
  h.gpu.hbm.achieved = best_share(tile_params(s.hardware.gpu));
  // Bytes in flight are the engine's business: enough for the whole rate here.
  const Bytes needed = amount_in(h.gpu.hbm.latency, h.gpu.hbm.bandwidth) + Bytes::raw(1);
  h.gpu.hbm.in_flight = std::max(h.gpu.hbm.in_flight, needed);
  return h;
}

Duration launch_gap(const Scenario& s, LaunchMode mode) {
  const auto& launch = s.hardware.gpu.launch;
  if (s.fidelity != Fidelity::tile) return mode == LaunchMode::graph ? launch.graph : launch.eager;
  if (mode == LaunchMode::graph || launch.eager <= launch.graph) return Duration::zero();
  return launch.eager - launch.graph;
}

std::vector<Problem> tile_problems(const Scenario& s) {
  if (s.fidelity != Fidelity::tile) return {};
  std::vector<Problem> problems;
  const auto attempt = [&](const auto& what) {
    try {
      what();
    } catch (const ConfigError& e) {
      for (const Problem& p : e.problems())
        if (std::none_of(problems.begin(), problems.end(), [&](const Problem& other) {
              return other.path == p.path && other.message == p.message;
            }))
          problems.push_back(p);
    }
  };
  if (model::published_precision(s.model).weight != Bytes::raw(kElementBytes))
    problems.push_back({{},
                        "fidelity",
                        "tile describes 16-bit products; this model's weights are " +
                            s.model.torch_dtype + ": take event",
                        "event"});
  attempt([&] { TileKernels kernels(s); });
  if (!problems.empty()) return problems;
  attempt([&] { ProgramBuilder(s).decode(s.workload.prompt_tokens + 1); });
  attempt([&] {
    const std::int64_t tokens = std::min(s.workload.prompt_tokens, s.workload.prefill_chunk);
    ProgramBuilder(s).prefill(tokens, 0, true);
  });
  return problems;
}

}  // namespace fieldsim::system
