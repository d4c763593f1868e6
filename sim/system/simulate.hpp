#pragma once
// One scenario, one run.
#include "sim/des/trace.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// Throws des::ProcessError when a component fails. `trace` may be null.
Result simulate(const Scenario& scenario, des::TraceSink* trace = nullptr);

}  // namespace fieldsim::system
