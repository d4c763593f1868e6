#pragma once
// Which keys of a scenario mean something together: keys without effect are warned of, and what the
// closed forms do not model is refused. Nothing is ignored in silence.
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// One line for each key that is given and changes nothing in a single session.
std::vector<std::string> without_effect(const Scenario& scenario);

// What `fidelity: analytic` has no closed form for; empty when it can be evaluated.
std::vector<Problem> beyond_closed_forms(const Scenario& scenario);

}  // namespace fieldsim::system
