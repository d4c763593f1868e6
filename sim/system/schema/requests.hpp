#pragma once
// Keys under `workload.requests`, and what a run of requests cannot be combined with.
#include "sim/config/schema.hpp"
#include "sim/serving/requests/params.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

config::Schema<serving::RequestsParams> requests_schema();

// Of a scenario with requests; keys are relative to the scenario.
void check_requests(const Scenario& scenario, config::Report& report);

}  // namespace fieldsim::system
