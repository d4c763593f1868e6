#pragma once
// What lies in device memory, and what a boundary hashes.
#include <cstdint>

#include "sim/system/program.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// Weights, the KV pages of the whole run, anchors and workspace against capacity. `unverified` is
// the most tokens of a sequence that waited for a verdict; their KV is part of the pages.
MemoryUse memory_use(const Scenario& scenario, const ProgramBuilder& programs,
                     std::int64_t unverified, Bytes workspace);

// Bytes a boundary of `tokens` tokens hands to the verifier, before quantising.
Bytes payload_bytes(const Scenario& scenario, std::int64_t tokens);

}  // namespace fieldsim::system
