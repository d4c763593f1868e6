#include "sim/report/quantity.hpp"

#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/config/paths.hpp"
#include "sim/report/csv.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/study/input.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

Json result_number(const Json& result, const std::string& name) {
  for (const auto& [called, value] : flat(result))
    if (called == name && value.is_number()) return value;
  return {};
}

double quantity(const Json& result, const system::LoadedScenario& loaded, const std::string& name) {
  if (const Json number = result_number(result, name); !number.is_null())
    return number.get<double>();
  const auto schema = system::scenario_schema();
  const system::Datum input = system::input_at(loaded, schema.node(), name);
  if (const auto* number = std::get_if<double>(&input)) return *number;
  std::vector<std::string> names = config::leaf_paths(schema.node());
  for (const auto& [called, value] : flat(result))
    if (value.is_number()) names.push_back(called);
  throw ConfigError({Problem{{loaded.scenario.name, 0, 0},
                             name,
                             "is no number of the result and no number given to the run",
                             nearest_word(name, names)}});
}

}  // namespace fieldsim::report
