#pragma once
// A number of a run by its name, as `columns:` of a study names them: of the result JSON
// (resources.gpu.hbm.busy_s, whatever dots a resource's name has), or an input of the scenario
// (hardware.gpu.sm.shared_memory).
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/load.hpp"

namespace fieldsim::report {

// Of the result only; null when there is no number of that name.
nlohmann::ordered_json result_number(const nlohmann::ordered_json& result, const std::string& name);

// Of the result, else an input in SI units (s, B, B/s, Hz, W, J). Throws ConfigError for neither,
// with the nearest name.
double quantity(const nlohmann::ordered_json& result, const system::LoadedScenario& loaded,
                const std::string& name);

}  // namespace fieldsim::report
