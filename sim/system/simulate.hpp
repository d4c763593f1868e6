#pragma once
// One scenario, one run.
#include "sim/des/trace.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// Throws des::ProcessError when a component fails. `trace` and `tasks` may be null; the
// analytic fidelity executes nothing and fills neither.
Result simulate(const Scenario& scenario, des::TraceSink* trace = nullptr,
                hardware::TaskLog* tasks = nullptr);

}  // namespace fieldsim::system
