#pragma once
// The time of one iteration of a batch, tabulated from the scenario's own operators.
#include "sim/serving/iteration_cost.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

struct TabulatedIteration {
  serving::IterationTables tables;
  double error = 0;  // largest relative deviation of a decode iteration halfway between nodes
};

// Decode batches of up to `sequences` with up to `kv_tokens` in all; prefill chunks of the
// scenario behind up to `context` tokens.
TabulatedIteration tabulate_iteration(const Scenario& scenario, std::int64_t sequences,
                                      std::int64_t kv_tokens, std::int64_t context);

}  // namespace fieldsim::system
