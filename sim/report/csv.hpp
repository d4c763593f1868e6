#pragma once
// Results as CSV: a column for each number or text of the result JSON, named by its path.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fieldsim::report {

// Header and one row a result. Columns are those of the first; lists are left out.
std::string csv(const std::vector<nlohmann::ordered_json>& results);

}  // namespace fieldsim::report
