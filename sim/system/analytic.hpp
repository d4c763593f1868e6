#pragma once
// The same scenario in closed forms: sums over the operators of a step, the verifier's service
// time, and the expectations of rollback-recovery. No events, no contention, no randomness: the
// check on the event fidelity, and the quick look in a wide sweep. docs/model.md, "Closed forms".
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

Result analyze(const Scenario& scenario);

// Time of one check from first byte to verdict by a free verifier, nothing else running.
hardware::Account check_time(const Scenario& scenario, Bytes payload);

}  // namespace fieldsim::system
