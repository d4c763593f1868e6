#include "sim/report/study/point.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/contain.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/json.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::Expression;

Inputs::Inputs(const system::Points& points) : points_(points) {
  for (const Expression& e : points.study().where)
    if (std::ranges::all_of(e.names(), [&](const auto& n) { return points.is_input(n); }))
      clauses_.push_back(&e);
}

bool Inputs::keep(std::size_t point, const system::LoadedScenario& loaded) const {
  for (const Expression* e : clauses_) {
    try {
      const bool holds = e->holds([&](const std::string& name) {
        const system::AxisValue* v = points_.varied(point, name);
        return v != nullptr ? v->datum : points_.input(loaded, name);
      });
      if (!holds) return false;
    } catch (const system::ExpressionError& error) {
      throw ConfigError(e->where(), "where",
                        fmt::format("{} (at {})", error.what(), points_.label(point)));
    }
  }
  return true;
}

Flat results(const system::LoadedScenario& loaded, const StudyOptions& options) {
  const ContainChecks contained;
  Json json;
  try {
    json = result_json(
        loaded,
        options.simulate ? options.simulate(loaded.scenario) : system::simulate(loaded.scenario),
        false);
  } catch (const std::exception&) {
    if (contained.failure().empty()) throw;
  }
  // Whoever caught it on its way: nothing that came of the run can be trusted.
  if (!contained.failure().empty()) throw InternalError(contained.failure());
  Flat all = flat(json);
  for (const auto& [name, use] : json.at("resources").items())
    if (use.at("bound").get<bool>()) all.emplace_back("bound", name);
  return all;
}

}  // namespace fieldsim::report
