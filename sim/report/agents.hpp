#pragma once
// The agents section of a result, for people and for machines.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::report {

nlohmann::ordered_json agents_json(const system::AgentsResult& agents);

// Heading and body of the summary of an agents run, without warnings.
std::string agents_summary(const system::Scenario& scenario, const system::Result& result);

}  // namespace fieldsim::report
