#pragma once
// Where an SM's time goes in one decode step and one prefill chunk: every operator's prediction of
// the tile engine, taken apart.
#include <string>
#include <vector>

#include "sim/attention/tile/sequence.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

struct OperatorTime {
  std::string name;
  std::string tiling;               // empty for elementwise passes
  std::int64_t count = 1;           // in the step: layers
  attention::tile::Breakdown time;  // us, of all of them
  attention::tile::Demand demand;   // likewise
};

struct StepTime {
  std::string name;  // "decode step at 64,128 tokens"
  std::vector<OperatorTime> operators;
  std::vector<attention::tile::SequenceKernel> attention;  // of one layer
  attention::tile::Breakdown total;
};

struct TileExplanation {
  StepTime decode;   // in the middle of the output
  StepTime prefill;  // the last whole chunk of the prompt
};

// The scenario is taken as tile fidelity, whatever it says. Throws ConfigError where that cannot
// run.
TileExplanation explain_tile(Scenario scenario);

}  // namespace fieldsim::system
