#pragma once
// The machine under a trusted execution environment: what GPU confidential computing does to the
// link. Copies cross an encrypted bounce buffer: submitting one takes longer, and the rate is what
// the encrypting cores reach.
#include "sim/hardware/params.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// The scenario's machine; with timing attested_tee, its link as `verification.tee` has it.
hardware::HardwareParams effective_hardware(const Scenario& scenario);

}  // namespace fieldsim::system
