#pragma once
// Reports of runs: one scenario, or several beside each other.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/report/compare.hpp"
#include "sim/report/html/page.hpp"
#include "sim/report/html/timeline.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::report::html {

// `json` is result_json of the run. The timeline may be empty (analytic fidelity).
Page run_page(const system::LoadedScenario& loaded, const nlohmann::ordered_json& json,
              const Timeline& timeline);

// One timeline for each of `all`.
Page comparison_page(const std::vector<Compared>& all, const std::vector<Timeline>& timelines);

}  // namespace fieldsim::report::html
