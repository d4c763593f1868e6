#pragma once
// Expectations of failure and repair for one boundary: the closed forms of docs/model.md, 8.
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

struct Expected {
  double failed = 0;   // verdicts "no" for each committed boundary
  double checks = 0;   // verdicts for each committed boundary
  double kept = 0;     // tokens of a closed boundary that are committed at once
  double escaped = 0;  // bad tokens kept, of each committed boundary
  Duration crashes;    // added by fail-stop faults to each boundary
};

// A boundary of `tokens` tokens takes `segment` to generate, of which `step` is one token, and
// keeps generation for `exposed` in all, checkpoint and verdicts that are waited for included.
Expected expected(const Scenario& scenario, std::int64_t tokens, Duration step, Duration exposed);

// Tokens after which a boundary closes, on average.
std::int64_t tokens_per_boundary(const Scenario& scenario, Duration step, Bytes kv);

}  // namespace fieldsim::system
