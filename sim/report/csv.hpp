#pragma once
// Results as CSV: a column for each number or text of the result JSON, named by its path.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace fieldsim::report {

// Header and one row a result. Columns are those of the first; lists are left out.
std::string csv(const std::vector<nlohmann::ordered_json>& results);

// One value as a cell: quoted where it must be, nothing for null.
std::string csv_cell(const nlohmann::ordered_json& value);

// The numbers, truths and texts of a result, named by their paths; lists are left out.
std::vector<std::pair<std::string, nlohmann::ordered_json>> flat(
    const nlohmann::ordered_json& result);

}  // namespace fieldsim::report
