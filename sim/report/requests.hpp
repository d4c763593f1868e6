#pragma once
// A run of requests in words and as the section `requests` of the JSON.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::report {

nlohmann::ordered_json requests_json(const system::RequestsResult& result);
std::string requests_summary(const system::Scenario& scenario, const system::Result& result);

}  // namespace fieldsim::report
