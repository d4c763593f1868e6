#include "sim/system/explain_tile.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/system/program.hpp"
#include "sim/system/tile_program.hpp"

namespace fieldsim::system {

using attention::tile::Breakdown;

namespace {

void add(Breakdown& sum, const Breakdown& b) {
  sum.launch += b.launch;
  sum.kv_write += b.kv_write;
  sum.prologue += b.prologue;
  sum.tiles += b.tiles;
  sum.memory += b.memory;
  sum.tail += b.tail;
  sum.combine += b.combine;
  sum.scheduling += b.scheduling;
  sum.copies += b.copies;
}

StepTime step_time(TileKernels& kernels, const model::StepOperators& operators,
                   const attention::Problem& problem) {
  StepTime step;
  step.attention = sequence(problem, kernels.target());
  const auto append = [&](const model::Operator& op, std::int64_t count) {
    const auto n = static_cast<double>(count);
    if (op.kind == model::OperatorKind::attention) {
      for (const auto& k : step.attention)
        step.operators.push_back({k.name, k.tiling, count, k.time * n, k.demand * n});
      return;
    }
    const bool sampled = op.kind == model::OperatorKind::sampling;
    const auto p = kernels.predict(op, problem.batch * (sampled ? 1 : problem.query_tokens));
    step.operators.push_back({op.name, p.tiling, count, p.time * n, p.demand * n});
  };
  for (const auto& layer : operators.layers)
    for (const auto& op : layer.operators) append(op, layer.count);
  for (const auto& op : operators.once) append(op, 1);
  for (const OperatorTime& op : step.operators) add(step.total, op.time);
  return step;
}

}  // namespace

TileExplanation explain_tile(Scenario s) {
  s.fidelity = Fidelity::tile;
  if (std::vector<Problem> problems = tile_problems(s); !problems.empty())
    throw ConfigError(std::move(problems));
  TileKernels kernels(s);
  const ProgramBuilder programs(s);
  const auto& w = s.workload;
  TileExplanation out;
  const std::int64_t context = w.prompt_tokens + (w.output_tokens + 1) / 2;
  out.decode = step_time(kernels, programs.decode_operators(), programs.problem(true, 1, context));
  out.decode.name = "decode step at " + std::to_string(context) + " tokens";
  const std::int64_t chunk = std::min(w.prefill_chunk, w.prompt_tokens);
  const std::int64_t end = w.prompt_tokens / chunk * chunk;
  const auto precision = model::published_precision(s.model);
  const auto operators = model::prefill_operators(s.model, chunk * w.batch, precision, w.batch);
  out.prefill = step_time(kernels, operators, programs.problem(false, chunk, end));
  out.prefill.name =
      "prefill chunk of " + std::to_string(chunk) + " tokens, the last of " + std::to_string(end);
  return out;
}

}  // namespace fieldsim::system
