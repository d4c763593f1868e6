#pragma once
// What every agents run must satisfy: the audit of its record, and what the record alone cannot
// say.
#include <string>
#include <vector>

#include "sim/recovery/invariants.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::test {

// The laws that the run breaks, a line each, the invariant's name first. A run that does not come
// to an end is one of them (I11). Throws ConfigError when the scenario has no agents.
std::vector<std::string> broken_laws(const system::LoadedScenario& loaded,
                                     recovery::Sabotage sabotage = recovery::Sabotage::none);

}  // namespace fieldsim::test
