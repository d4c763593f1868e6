#pragma once
// A scenario file, with everything it refers to, as structs.
#include <string>
#include <vector>

#include "sim/config/document.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

struct LoadedScenario {
  Scenario scenario;
  config::Provenance provenance;
  config::Value root;              // after extends, --set and references
  std::vector<std::string> files;  // every file read
};

// Throws ConfigError with every problem of every file. `reference` is a path, or the name of a
// shipped scenario.
LoadedScenario load_scenario(const std::string& reference, const config::Catalogue& catalogue,
                             const std::vector<std::string>& assignments = {});

// The shape that a config.json gives. `name` is ours.
model::ModelShape load_model_shape(const std::string& path, const std::string& name);

// The path of a scenario given by path or shipped name.
std::string find_scenario(const std::string& reference, const config::Catalogue& catalogue);

}  // namespace fieldsim::system
