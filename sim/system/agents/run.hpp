#pragma once
// An agents run: a scenario with `workload.agents`.
#include "sim/des/trace.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// `record` may be null; kept, it takes some hundred bytes for everything that is made. `sabotage`
// is for tests. Throws ConfigError when what an agent needs does not fit the device.
Result simulate_agents(const Scenario& scenario, des::TraceSink* trace = nullptr,
                       recovery::AgentsRecord* record = nullptr,
                       recovery::Sabotage sabotage = recovery::Sabotage::none);

}  // namespace fieldsim::system
