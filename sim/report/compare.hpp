#pragma once
// Scenarios side by side: what differs in the input, and what that does to the result.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/system/load.hpp"

namespace fieldsim::report {

struct Compared {
  system::LoadedScenario loaded;
  nlohmann::ordered_json json;
};

// The first is the baseline of every ratio.
std::string comparison_text(const std::vector<Compared>& all);
nlohmann::ordered_json comparison_json(const std::vector<Compared>& all);

}  // namespace fieldsim::report
