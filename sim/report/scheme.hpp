#pragma once
// What the verification of a run guarantees, and what its scheme cost: of the result JSON and the
// summary.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::report {

nlohmann::ordered_json scheme_json(const system::Scenario& scenario, const system::Result& result);
std::string scheme_text(const system::Scenario& scenario, const system::Result& result);

}  // namespace fieldsim::report
