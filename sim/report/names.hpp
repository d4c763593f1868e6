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
    case verify::Timing::optimistic_verified_prefix:
      return "optimistic_verified_prefix";
    case verify::Timing::sampled_audit:
      return "sampled_audit";
    case verify::Timing::challenge_window:
      return "challenge_window";
    case verify::Timing::attested_tee:
      return "attested_tee";
  }
  return "";
}

inline std::string name_of(system::Fidelity f) {
  switch (f) {
    case system::Fidelity::analytic:
      return "analytic";
    case system::Fidelity::event:
      return "event";
    case system::Fidelity::tile:
      return "tile";
  }
  return "";
}

}  // namespace fieldsim::report
