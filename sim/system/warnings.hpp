#pragma once
// What a reader must know before trusting a result: assumed numbers, extrapolation, memory that
// does not suffice, a verifier that cannot keep up.
#include <string>
#include <vector>

#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

std::vector<std::string> warnings(const Scenario& scenario, const Result& result);

}  // namespace fieldsim::system
