#pragma once
// What every agents run must satisfy: the audit of its record, and what the record alone cannot
// say.
#include <string>
#include <vector>

#include "sim/config/value.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::test {

// The laws that the run breaks, a line each, the invariant's name first. A run that does not come
// to an end is one of them (I11).
std::vector<std::string> broken_laws(const system::LoadedScenario& loaded,
                                     recovery::Sabotage sabotage = recovery::Sabotage::none);

// Loads the text as a file, as `fieldsim run` would, and runs it in a process of its own. Empty
// when all holds, else the first broken law, of that kind if one is given; "invalid: ..." when the
// scenario does not load.
std::string verdict(const std::string& yaml, recovery::Sabotage sabotage = recovery::Sabotage::none,
                    const std::string& kind = "");
// "I7", "crash", ...: what stands before the colon. Shrinking keeps it.
std::string kind_of(const std::string& verdict);

}  // namespace fieldsim::test
