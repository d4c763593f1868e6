#include "sim/system/load.hpp"

#include <filesystem>
#include <utility>

#include "sim/config/parse.hpp"
#include "sim/config/read.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/scheme_cost.hpp"

namespace fieldsim::system {

model::ModelShape load_model_shape(const std::string& path, const std::string& name) {
  const config::Value root = config::parse_file(path);
  const config::Schema<model::ModelShape> schema = model_shape_schema();
  if (!root.is_map())
    throw ConfigError(root.where, "", "expected a Hugging Face config.json: a map of keys");
  // The file says much that concerns no cost; null means absent there.
  config::Value known = config::Value::map(root.where);
  for (const config::Field& f : root.fields) {
    config::Field kept = f;
    if (kept.key == "dtype") kept.key = "torch_dtype";  // the newer spelling
    if (schema.node().find(kept.key) != nullptr && !kept.value.is_null() &&
        known.find(kept.key) == nullptr)
      known.fields.push_back(std::move(kept));
  }
  model::ModelShape shape = config::read(schema, known).value;
  shape.name = name;
  shape = model::completed(std::move(shape));
  std::vector<Problem> problems = model::validate(shape);
  for (Problem& p : problems) {
    const config::Field* field = root.find(p.path);
    p.where = field != nullptr ? field->where : root.where;
  }
  if (!problems.empty()) throw ConfigError(std::move(problems));
  return shape;
}

std::string find_scenario(const std::string& reference, const config::Catalogue& catalogue) {
  if (config::is_path(reference)) return reference;
  return catalogue.find("scenarios", reference, {});
}

LoadedScenario load_scenario(const std::string& reference, const config::Catalogue& catalogue,
                             const std::vector<std::string>& assignments) {
  const config::Schema<Scenario> schema = scenario_schema();
  config::Document d =
      config::open_file(find_scenario(reference, catalogue), schema.node(), catalogue, "scenarios");
  for (const std::string& a : assignments) config::assign(d, a, schema.node());
  config::resolve(d, schema.node(), catalogue);

  // The model's own file is read even when the scenario has problems, so that all are reported.
  std::vector<Problem> problems = d.problems;
  Scenario scenario;
  LoadedScenario loaded;
  config::read_into(schema.node(), d.root, &scenario, loaded.provenance, problems);
  if (!scenario.model_file.hf_config.empty()) {
    std::string name = scenario.model_file.name;
    if (name.empty())
      name = std::filesystem::path(scenario.model_file.hf_config).parent_path().filename().string();
    try {
      scenario.model = load_model_shape(scenario.model_file.hf_config, name);
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  config::sort_problems(problems);
  if (!problems.empty()) throw ConfigError(std::move(problems));
  adopt_enclave(scenario);
  if (scenario.name.empty()) scenario.name = std::filesystem::path(reference).stem().string();
  loaded.scenario = std::move(scenario);
  loaded.root = std::move(d.root);
  loaded.files = std::move(d.files);
  return loaded;
}

}  // namespace fieldsim::system
