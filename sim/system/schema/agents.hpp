#pragma once
// Keys under `workload.agents`, and what an agents run cannot be combined with.
#include "sim/config/schema.hpp"
#include "sim/serving/agents/params.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

config::Schema<serving::AgentsParams> agents_schema();

// Of a scenario with agents; keys are relative to the scenario.
void check_agents(const Scenario& scenario, config::Report& report);
// The same of any scenario with many sessions, agents or requests.
void check_sessions(const Scenario& scenario, config::Report& report);

}  // namespace fieldsim::system
