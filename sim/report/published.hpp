#pragma once
// Published figures beside ours: `published` of a scenario, looked up in the result JSON.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/scenario.hpp"

namespace fieldsim::report {

// [{path, published, ours, ratio, tolerance, within, source}]; `ours` and `ratio` are null when the
// result has no number there. `result` is the JSON so far.
nlohmann::ordered_json published_json(const system::Scenario& scenario,
                                      const nlohmann::ordered_json& result);

// The same for the summary, a line each.
std::string published_text(const nlohmann::ordered_json& figures);

}  // namespace fieldsim::report
