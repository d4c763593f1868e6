#pragma once
// A number that a run was given, by its key path.
#include "sim/system/load.hpp"
#include "sim/system/study/datum.hpp"

namespace fieldsim::system {

// A leaf of the scenario or of a file it names ("hardware.gpu.sm.shared_memory"), given or by
// default, in SI units; nothing for what is not a leaf of it.
Datum input_at(const LoadedScenario& loaded, const config::SchemaNode& schema,
               const std::string& path);

}  // namespace fieldsim::system
