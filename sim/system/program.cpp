#include "sim/system/program.hpp"

#include <algorithm>

#include "sim/attention/residency.hpp"
#include "sim/model/parameters.hpp"
#include "sim/model/step.hpp"
#include "sim/system/tile_program.hpp"

namespace fieldsim::system {

using attention::KernelKind;
using hardware::Category;
using hardware::gpu::Kernel;
using hardware::gpu::Program;
using hardware::gpu::Segment;

namespace {
constexpr std::int64_t kResidentShare =
    2;  // activations up to half of L2 stay there between kernels
}  // namespace

StepTotals& StepTotals::operator+=(const StepTotals& o) {
  weights += o.weights;
  hbm += o.hbm;
  attention += o.attention;
  anchors += o.anchors;
  flops += o.flops;
  attention_flops += o.attention_flops;
  workspace = std::max(workspace, o.workspace);
  launches += o.launches;
  return *this;
}

StepTotals StepTotals::operator*(std::int64_t n) const {
  return {weights * n,         hbm * n,   attention * n, anchors * n, flops * n,
          attention_flops * n, workspace, launches * n};
}

Duration arithmetic_time(const Scenario& s, const StepTotals& t) {
  if (t.flops == Flops::zero()) return Duration::zero();
  const auto& compute = s.hardware.gpu.compute;
  const auto matrix = scaled(compute.fp16, compute.achieved);
  if (s.attention.arithmetic == Arithmetic::half) return time_for(t.flops, matrix);
  return time_for(t.flops - t.attention_flops, matrix) +
         time_for(t.attention_flops, scaled(compute.fp32, compute.achieved));
}

ProgramBuilder::ProgramBuilder(const Scenario& scenario)
    : s_(scenario),
      precision_(model::published_precision(scenario.model)),
      kv_per_token_(model::kv_bytes_per_token(scenario.model, precision_.kv)),
      decode_operators_(model::decode_operators(scenario.model, scenario.workload.batch)) {
  if (s_.fidelity == Fidelity::tile) tile_ = std::make_unique<TileKernels>(s_);
}

ProgramBuilder::~ProgramBuilder() = default;

Bytes ProgramBuilder::anchor_bytes() const {
  if (s_.attention.kernel == KernelKind::none) return Bytes::zero();
  const std::int64_t sets = s_.attention.shared_anchors ? 1 : s_.workload.batch;
  return kv_per_token_ * s_.attention.anchor_tokens * sets;
}

Bytes ProgramBuilder::weight_bytes() const {
  return model::weight_bytes(s_.model, precision_.weight);
}

attention::Problem ProgramBuilder::problem(bool decode, std::int64_t query_tokens,
                                           std::int64_t context) const {
  attention::Problem p;
  p.kind = s_.attention.kernel;
  p.geometry = decode ? model::decode_geometry(s_.model) : model::prefill_geometry(s_.model);
  p.decode = decode;
  p.batch = s_.workload.batch;
  p.query_tokens = query_tokens;
  p.context = context;
  p.window = s_.model.use_sliding_window ? s_.model.sliding_window : 0;
  p.anchors = s_.attention.anchor_tokens;
  p.anchor_sets = s_.attention.shared_anchors ? 1 : s_.workload.batch;
  p.page_tokens = s_.attention.page_tokens;
  p.element = precision_.kv;
  p.workspace_limit = s_.attention.workspace;
  p.slots = attention::resident_ctas(s_.hardware.gpu.sm, s_.hardware.gpu.architecture,
                                     p.geometry.value_dim);
  return p;
}

const Program& ProgramBuilder::decode(std::int64_t context) {
  assemble(decode_operators_, problem(true, 1, context));
  program_.name = "decode step";
  return program_;
}

const Program& ProgramBuilder::prefill(std::int64_t tokens, std::int64_t before, bool last) {
  const std::int64_t batch = s_.workload.batch;
  prefill_operators_ =
      model::prefill_operators(s_.model, tokens * batch, precision_, last ? batch : 0);
  assemble(prefill_operators_, problem(false, tokens, before + tokens));
  program_.name = "prefill chunk";
  return program_;
}

Kernel ProgramBuilder::kernel(const model::Operator& op, const attention::Problem& problem) const {
  const auto& gpu = s_.hardware.gpu;
  Kernel k;
  k.name = op.name.c_str();
  k.category = Category::weights;
  k.launches = op.launches;
  k.hbm = op.weight_bytes;
  const Bytes activations = op.activation_in + op.activation_out;
  if (activations * kResidentShare <= gpu.l2.capacity)
    k.fixed = time_for(activations, gpu.l2.bandwidth);
  else
    k.hbm += activations;
  const bool matrix = op.kind == model::OperatorKind::gemm;
  const FlopsPerSecond rate =
      matrix ? scaled(gpu.compute.fp16, gpu.compute.achieved) : gpu.compute.fp32;
  if (op.flops > Flops::zero()) k.compute = time_for(op.flops, rate);
  k.flops = op.flops;
  if (tile_) {
    const bool sampled = op.kind == model::OperatorKind::sampling;
    tile_->set_times(k, op, problem.batch * (sampled ? 1 : problem.query_tokens));
  }
  return k;
}

void ProgramBuilder::add_attention(Segment& segment, const attention::Problem& problem,
                                   std::int64_t layers) {
  const auto& gpu = s_.hardware.gpu;
  if (s_.attention_traffic == attention::TrafficModel::paper_nxn && problem.decode) {
    Kernel k;
    k.name = "N x N attention";
    k.category = Category::attention;
    k.hbm = attention::paper_nxn_bytes(s_.workload.prompt_tokens);
    segment.kernels.push_back(k);
    totals_.hbm += k.hbm * layers;
    totals_.attention += k.hbm * layers;
    totals_.launches += layers;
    return;
  }
  const attention::Cost cost = attention::cost(problem);
  const FlopsPerSecond rate =
      scaled(s_.attention.arithmetic == Arithmetic::single ? gpu.compute.fp32 : gpu.compute.fp16,
             gpu.compute.achieved);
  std::vector<attention::tile::SequenceKernel> predicted;
  if (tile_) predicted = attention::tile::sequence(problem, tile_->target());
  Bytes hbm, anchors;
  for (std::size_t i = 0; i < cost.kernels.size(); ++i) {
    const attention::KernelCost& c = cost.kernels[i];
    Kernel k;
    k.name = c.name;
    k.category = Category::attention;
    k.hbm = c.hbm;
    k.hbm_anchors = c.hbm_anchors;
    k.compute = time_for(c.flops, rate);
    k.flops = c.flops;
    k.launches = c.launches;
    if (tile_) tile_->set_times(k, predicted[i]);
    hbm += k.hbm;
    anchors += k.hbm_anchors;
    segment.kernels.push_back(k);
  }
  totals_.hbm += hbm * layers;
  totals_.anchors += anchors * layers;
  totals_.attention += (hbm - anchors) * layers;
  totals_.flops += cost.flops() * layers;
  totals_.attention_flops += cost.flops() * layers;
  totals_.workspace = std::max(totals_.workspace, cost.workspace);
  totals_.launches += cost.launches() * layers;
}

void ProgramBuilder::assemble(const model::StepOperators& operators,
                              const attention::Problem& problem) {
  totals_ = {};
  // Segments keep their storage from step to step.
  program_.segments.resize(operators.layers.size() + 1);
  const auto add = [&](Segment& segment, const model::Operator& op) {
    if (op.kind == model::OperatorKind::attention) {
      add_attention(segment, problem, segment.repeat);
      return;
    }
    segment.kernels.push_back(kernel(op, problem));
    totals_.weights += op.weight_bytes * segment.repeat;
    totals_.hbm += segment.kernels.back().hbm * segment.repeat;
    totals_.flops += op.flops * segment.repeat;
    totals_.launches += op.launches * segment.repeat;
  };
  for (std::size_t i = 0; i < operators.layers.size(); ++i) {
    Segment& segment = program_.segments[i];
    segment.kernels.clear();
    segment.repeat = operators.layers[i].count;
    for (const model::Operator& op : operators.layers[i].operators) add(segment, op);
  }
  Segment& once = program_.segments.back();
  once.kernels.clear();
  once.repeat = 1;
  for (const model::Operator& op : operators.once) add(once, op);
}

}  // namespace fieldsim::system
