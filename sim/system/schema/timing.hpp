#pragma once
// Keys under `verification` that say when: timing and its options, and commit boundaries.
#include <vector>

#include "sim/config/schema.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::system {

std::vector<config::Choice<verify::Timing>> timings();
config::Schema<verify::OnLoadParams> on_load_schema();
config::Schema<verify::AuditParams> audit_schema();
config::Schema<verify::ChallengeParams> challenge_schema();
config::Schema<verify::TeeParams> tee_schema();
config::Schema<verify::BoundaryParams> boundary_schema();

}  // namespace fieldsim::system
