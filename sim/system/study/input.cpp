#include "sim/system/study/input.hpp"

#include "sim/config/paths.hpp"

namespace fieldsim::system {

Datum input_at(const LoadedScenario& loaded, const config::SchemaNode& schema,
               const std::string& path) {
  const config::Origin* origin = loaded.provenance.find(path);
  const config::PathLookup found = config::find_path(schema, path);
  if (origin == nullptr || !found || origin->text == "none") {
    const bool word = origin != nullptr && found && found.node->kind == config::NodeKind::choice;
    return word ? Datum(origin->text) : Datum();
  }
  return datum(*found.node, config::Value::scalar(origin->text, origin->where));
}

}  // namespace fieldsim::system
