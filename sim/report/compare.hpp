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

// A number of the results side by side, as text: "588 ms 29.40x".
struct ComparedRow {
  std::string label;
  std::vector<std::string> cells;
  bool differs = false;  // from the first, anywhere
};
// Rows that are zero everywhere are left out. The first is the baseline of every ratio.
std::vector<ComparedRow> compared_rows(const std::vector<Compared>& all);
std::string comparison_text(const std::vector<Compared>& all);
nlohmann::ordered_json comparison_json(const std::vector<Compared>& all);

}  // namespace fieldsim::report
