#include "sim/system/load.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "sim/config/parse.hpp"
#include "sim/config/read.hpp"
#include "sim/serving/requests/trace.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/system/tile_program.hpp"

namespace fieldsim::system {

namespace {
// A trace may be larger than any file of ours.
std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (std::filesystem::is_directory(path) || !in)
    throw ConfigError({path, 0, 0}, "workload.requests.trace", "cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}
}  // namespace

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

LoadedScenario read_scenario(const config::SchemaNode& schema, const config::Value& root,
                             const std::string& name, const ShapeReader& shape,
                             std::vector<Problem>& problems) {
  LoadedScenario loaded;
  Scenario& scenario = loaded.scenario;
  config::read_into(schema, root, &scenario, loaded.provenance, problems);
  // The model's own file is read even when the scenario has problems, so that all are reported.
  const std::string& file = scenario.model_file.hf_config;
  if (!file.empty()) {
    std::string called = scenario.model_file.name;
    if (called.empty()) called = std::filesystem::path(file).parent_path().filename().string();
    try {
      scenario.model = shape(file, called);
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  if (const auto& requests = scenario.workload.requests;
      requests && requests->trace && !requests->trace->empty()) {
    try {
      scenario.workload.traced =
          serving::parse_trace(read_text(*requests->trace), *requests->trace);
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  if (problems.empty())
    for (Problem& p : tile_problems(scenario)) {
      // A tile that does not fit is the fault of what was asked for: the fidelity.
      const config::Field* field = root.find("fidelity");
      p.where = field != nullptr ? field->where : root.where;
      problems.push_back(std::move(p));
    }
  config::sort_problems(problems);
  if (problems.empty()) adopt_enclave(scenario);
  if (scenario.name.empty()) scenario.name = name;
  return loaded;
}

LoadedScenario load_scenario(const std::string& reference, const config::Catalogue& catalogue,
                             const std::vector<std::string>& assignments) {
  const config::Schema<Scenario> schema = scenario_schema();
  config::Document d =
      config::open_file(find_scenario(reference, catalogue), schema.node(), catalogue, "scenarios");
  for (const std::string& a : assignments) config::assign(d, a, schema.node());
  config::resolve(d, schema.node(), catalogue);
  std::vector<Problem> problems = std::move(d.problems);
  LoadedScenario loaded =
      read_scenario(schema.node(), d.root, std::filesystem::path(reference).stem().string(),
                    load_model_shape, problems);
  if (!problems.empty()) throw ConfigError(std::move(problems));
  loaded.root = std::move(d.root);
  loaded.files = std::move(d.files);
  return loaded;
}

}  // namespace fieldsim::system
