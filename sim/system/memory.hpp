#pragma once
// What lies in device memory, and what a boundary hashes.
#include <cstdint>

#include "sim/recovery/checkpoint.hpp"
#include "sim/system/program.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// Weights, the KV pages of the whole run, anchors, workspace and retained copies against capacity.
// `retained` is what waited for a verdict at the worst moment; of it, the pages are among the KV
// already.
MemoryUse memory_use(const Scenario& scenario, const ProgramBuilder& programs,
                     const recovery::Retained& retained, Bytes workspace);

// Bytes a boundary of `tokens` tokens hands to the verifier, before quantising.
Bytes payload_bytes(const Scenario& scenario, std::int64_t tokens);

}  // namespace fieldsim::system
