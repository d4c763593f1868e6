#pragma once
// Words of enumerations as the scenario file spells them.
#include <string>

#include "sim/system/scenario.hpp"

namespace fieldsim::report {

inline std::string name_of(verify::Timing t) {
  switch (t) {
    case verify::Timing::none:
      return "none";
    case verify::Timing::pessimistic:
      return "pessimistic";
    case verify::Timing::on_load:
      return "on_load";
    case verify::Timing::optimistic:
      return "optimistic";
  }
  return "";
}

inline std::string name_of(system::Fidelity f) {
  return f == system::Fidelity::analytic ? "analytic" : "event";
}

}  // namespace fieldsim::report
