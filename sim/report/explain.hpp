#pragma once
// `fieldsim explain`: the pieces of sim/system/explain for people, for programs and for a timeline.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/report/trace.hpp"
#include "sim/system/explain/explain.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::report {

// A number of a result by its dotted path. Throws ConfigError for a path that is none, naming the
// nearest, and for one whose value is not above zero: nothing is a share of it.
double metric_value(const nlohmann::ordered_json& result, const std::string& path);

// Runs the scenario file with `settings` and more assignments, and takes the metric from its JSON.
system::explain::Evaluate evaluator(const std::string& reference,
                                    const std::vector<std::string>& settings,
                                    const std::string& metric);

std::string explanation_text(const system::LoadedScenario& loaded,
                             const system::explain::Explanation& e);
nlohmann::ordered_json explanation_json(const system::LoadedScenario& loaded,
                                        const system::explain::Explanation& e);
// A row for each parameter.
std::string explanation_csv(const system::explain::Explanation& e);
// The path as a track of its own, under "critical path".
void draw_critical_path(ChromeTrace& trace, const hardware::TaskLog& log,
                        const system::explain::Explanation& e);

}  // namespace fieldsim::report
