#pragma once
// From the operators of a step to the kernels of a stream: bytes, arithmetic and launches on one
// device. Built once for a batch; only attention changes from step to step.
#include <cstdint>
#include <memory>

#include "sim/hardware/gpu/kernel.hpp"
#include "sim/hardware/params.hpp"
#include "sim/model/step.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// What a step moves and computes, whatever time that takes.
struct StepTotals {
  Bytes weights;          // read by dense layers
  Bytes hbm;              // all device-memory traffic
  Bytes attention;        // of it, by attention without anchors
  Bytes anchors;          // of it, for anchors
  Flops flops;            // executed
  Flops attention_flops;  // of them, by attention
  Bytes workspace;        // device memory while the step runs
  std::int64_t launches = 0;
  StepTotals& operator+=(const StepTotals& other);  // the larger workspace stays
  StepTotals operator*(std::int64_t steps) const;
};

// The arithmetic of these steps alone, at the rates that the scenario's kernels reach.
Duration arithmetic_time(const Scenario& scenario, const StepTotals& totals);

class TileKernels;

class ProgramBuilder {
 public:
  explicit ProgramBuilder(const Scenario& scenario);
  ~ProgramBuilder();

  // One decode step with `context` KV tokens in each sequence, the new one included. The program
  // stays valid until the next call.
  const hardware::gpu::Program& decode(std::int64_t context);

  // One prefill step: `tokens` new tokens of each sequence behind `before` cached ones.
  const hardware::gpu::Program& prefill(std::int64_t tokens, std::int64_t before, bool last);

  // One layer's attention: `query_tokens` new tokens of each sequence, in a `context` that holds
  // them.
  attention::Problem problem(bool decode, std::int64_t query_tokens, std::int64_t context) const;
  const model::StepOperators& decode_operators() const { return decode_operators_; }

  // Of the program built last.
  const StepTotals& totals() const { return totals_; }

  // KV bytes that one token of one sequence leaves in the cache, and of all anchors.
  Bytes kv_bytes_per_token() const { return kv_per_token_; }
  Bytes anchor_bytes() const;
  Bytes weight_bytes() const;

 private:
  void assemble(const model::StepOperators& operators, const attention::Problem& problem);
  hardware::gpu::Kernel kernel(const model::Operator& op, const attention::Problem& problem) const;
  void add_attention(hardware::gpu::Segment& segment, const attention::Problem& problem,
                     std::int64_t layers);

  const Scenario& s_;
  model::Precision precision_;
  Bytes kv_per_token_;
  model::StepOperators decode_operators_, prefill_operators_;  // kernels point at their names
  hardware::gpu::Program program_;
  StepTotals totals_;
  std::unique_ptr<TileKernels> tile_;  // null below tile fidelity
};

}  // namespace fieldsim::system
