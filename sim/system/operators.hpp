#pragma once
// The operators of a run for a roofline: what each moves, computes and takes alone on the device,
// by the same programs that the event fidelity runs.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

struct OperatorUse {
  std::string phase;  // "prefill", whole; or "decode", mean of one step
  std::string name;
  std::string category;       // of the time breakdown
  std::int64_t launches = 0;  // kernels
  Bytes hbm;                  // read and written
  Flops flops;                // executed
  Duration time;              // without the gaps between kernels
};

// In order of execution. A phase that the scenario pins has none. Decode steps are sampled evenly,
// 256 at most: costs are piecewise linear in the context.
std::vector<OperatorUse> operators(const Scenario& scenario);

}  // namespace fieldsim::system
