#pragma once
// A scenario file, with everything it refers to, as structs.
#include <functional>
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

// A document whose references are resolved, as a scenario; `name` when the file gives none. Problems
// are appended, and the scenario is good for nothing but messages when there are any. `shape` reads
// the model's own file: a study keeps what it read.
using ShapeReader =
    std::function<model::ModelShape(const std::string& path, const std::string& name)>;
LoadedScenario read_scenario(const config::SchemaNode& schema, const config::Value& root,
                             const std::string& name, const ShapeReader& shape,
                             std::vector<Problem>& problems);

// The shape that a config.json gives. `name` is ours.
model::ModelShape load_model_shape(const std::string& path, const std::string& name);

// The path of a scenario given by path or shipped name.
std::string find_scenario(const std::string& reference, const config::Catalogue& catalogue);

}  // namespace fieldsim::system
