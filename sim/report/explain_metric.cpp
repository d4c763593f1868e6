// The metric that is explained, from result JSON.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/base/error.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/des/engine.hpp"
#include "sim/report/explain.hpp"
#include "sim/report/json.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
namespace ex = system::explain;

namespace {

void numbers(const Json& object, const std::string& path, std::vector<std::string>& out) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object())
      numbers(value, name, out);
    else if (value.is_number())
      out.push_back(name);
  }
}

// Keys may hold dots ("link.to_host"), so paths are compared whole.
const Json* find(const Json& object, const std::string& path, const std::string& wanted) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (name == wanted) return &value;
    if (value.is_object() && wanted.starts_with(name + "."))
      if (const Json* found = find(value, name, wanted)) return found;
  }
  return nullptr;
}

}  // namespace

double metric_value(const Json& result, const std::string& path) {
  const Where where{"--metric " + path, 0, 0};
  const Json* value = find(result, "", path);
  if (value == nullptr || !value->is_number()) {
    std::vector<std::string> known;
    numbers(result, "", known);
    throw ConfigError({Problem{where, path,
                               "expected the path of a number in the result JSON, such as "
                               "throughput.tokens_per_s or latency.ttft_s",
                               nearest_word(path, known)}});
  }
  if (value->get<double>() <= 0)
    throw ConfigError(
        where, path,
        fmt::format("is {} in this scenario: nothing can be a share of it", value->dump()));
  return value->get<double>();
}

ex::Evaluate evaluator(const std::string& reference, const std::vector<std::string>& settings,
                       const std::string& metric) {
  // A search comes back to points it has seen.
  const auto known = std::make_shared<std::map<std::vector<std::string>, ex::Outcome>>();
  return [=](const std::vector<std::string>& more) {
    if (const auto it = known->find(more); it != known->end()) return it->second;
    std::vector<std::string> all = settings;
    all.insert(all.end(), more.begin(), more.end());
    ex::Outcome o;
    try {
      const auto loaded = system::load_scenario(reference, config::Catalogue(), all);
      const system::Result r = system::simulate(loaded.scenario);
      o.fits = r.memory.fits;
      if (r.recovery.aborted && !r.agents)
        o.problem = "the run aborts";
      else
        o.value = metric_value(result_json(loaded, r, false), metric);
    } catch (const ConfigError& e) {
      const Problem& p = e.problems().front();
      o.problem = p.path.empty() ? p.message : p.path + ": " + p.message;
    } catch (const des::ProcessError& e) {
      o.problem = e.what();
    } catch (const std::overflow_error& e) {  // of the closed forms
      o.problem = e.what();
    }
    known->emplace(more, o);
    return o;
  };
}

}  // namespace fieldsim::report
