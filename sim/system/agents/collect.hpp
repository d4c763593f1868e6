#pragma once
// The result of an agents run that is over.
#include "sim/serving/agents/world.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

Result collect(const Scenario& scenario, const Machine& machine, const serving::AgentsWorld& world,
               const ProgramBuilder& programs);

}  // namespace fieldsim::system
