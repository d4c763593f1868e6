#pragma once
// The result JSON (contract: DESIGN). Times in seconds, sizes in bytes; the same run gives the same
// bytes. What depends on the wall clock is left out unless asked for.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/load.hpp"
#include "sim/system/result.hpp"

namespace fieldsim::report {

nlohmann::ordered_json result_json(const system::LoadedScenario& loaded,
                                   const system::Result& result, bool timing);

// Two-space indented, with a newline at the end.
std::string text(const nlohmann::ordered_json& json);

}  // namespace fieldsim::report
