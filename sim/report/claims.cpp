#include "sim/report/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/config/document.hpp"
#include "sim/config/schema.hpp"
#include "sim/report/json.hpp"
#include "sim/report/quantity.hpp"
#include "sim/system/load.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

namespace {

struct ClaimsFile {
  std::vector<Claim> claims;
};

config::Schema<Evidence> evidence_schema() {
  using P = Evidence;
  config::Schema<P> s("evidence", "One number of one scenario's result");
  s.field("scenario", &P::scenario, "name or path of the scenario")
      .required()
      .field("metric", &P::metric,
             "number of the result, or input, as `columns:` of a study names it")
      .required()
      .field("set", &P::set, "--set assignments over the scenario")
      .field("over_scenario", &P::over_scenario, "divide by this scenario's number")
      .field("over_metric", &P::over_metric, "divide by this number")
      .field("scale", &P::scale, "into the claim's unit")
      .field("smallest", &P::smallest, "search the smallest whole number at this key path ...")
      .field("from", &P::from, "... from here ...")
      .field("to", &P::to, "... to here ...")
      .field("limit", &P::limit, "... for which the metric is at most this");
  return s;
}

config::Schema<ClaimsFile> file_schema() {
  using P = Claim;
  config::Schema<P> claim("claim", "A published number");
  claim.field("id", &P::id, "what `reproduce ID` calls it")
      .required()
      .field("claim", &P::claim, "what was published")
      .required()
      .field("source", &P::source, "who published it")
      .required()
      .field("published", &P::published, "the number")
      .required()
      .field("unit", &P::unit, "its unit")
      .required()
      .field("at_most", &P::at_most, "the number is a bound: at most so much")
      .field("tolerance", &P::tolerance, "relative")
      .range(0.0, 1.0)
      .section("reproduced", &P::reproduced, evidence_schema(), "under the claim's assumptions")
      .required()
      .section("corrected", &P::corrected, evidence_schema(), "without them")
      .field("note", &P::note, "what the correction is");
  config::Schema<ClaimsFile> file("claims", "Published claims");
  file.list("claims", &ClaimsFile::claims, claim, "the claims").required();
  return file;
}

// Runs each (scenario, settings) once.
class Runner {
 public:
  explicit Runner(const config::Catalogue& catalogue) : catalogue_(catalogue) {}

  double number(const Evidence& e) {
    if (e.smallest) return static_cast<double>(smallest(e));
    double v = metric(e.scenario, e.set, e.metric);
    if (e.over_scenario || e.over_metric)
      v /= metric(e.over_scenario.value_or(e.scenario), e.set, e.over_metric.value_or(e.metric));
    return v * e.scale;
  }

 private:
  double metric(const std::string& scenario, const std::vector<std::string>& set,
                const std::string& path) {
    std::string key = scenario;
    for (const std::string& s : set) key += "\n" + s;
    auto found = runs_.find(key);
    if (found == runs_.end()) {
      Run run{system::load_scenario(scenario, catalogue_, set), {}};
      run.result = result_json(run.loaded, system::simulate(run.loaded.scenario), false);
      found = runs_.emplace(key, std::move(run)).first;
    }
    return quantity(found->second.result, found->second.loaded, path);
  }

  // The metric falls as the number grows: bisect.
  std::int64_t smallest(const Evidence& e) {
    const auto holds = [&](std::int64_t n) {
      std::vector<std::string> set = e.set;
      set.push_back(*e.smallest + "=" + std::to_string(n));
      return metric(e.scenario, set, e.metric) <= e.limit;
    };
    std::int64_t low = e.from, high = e.to;
    if (!holds(high))
      throw ConfigError({e.scenario, 0, 0}, *e.smallest, "no number in the range will do");
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (holds(middle))
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  const config::Catalogue& catalogue_;
  struct Run {
    system::LoadedScenario loaded;
    Json result;
  };
  std::map<std::string, Run> runs_;
};

// What to type to see the whole run.
std::string command(const Evidence& e) {
  const auto run = [&](const std::string& scenario) {
    std::string text = "fieldsim run " + scenario;
    for (const std::string& s : e.set)
      text += s.find_first_of(" {}") == std::string::npos ? " --set " + s : " --set '" + s + "'";
    return text;
  };
  std::string text = run(e.scenario);
  if (e.over_scenario && *e.over_scenario != e.scenario) text += "; " + run(*e.over_scenario);
  return text;
}

std::string verdict(const Claim& c, double reproduced, const std::optional<double>& corrected) {
  const auto agrees = [&](double v) {
    return c.at_most ? v <= c.published
                     : std::fabs(v - c.published) <= c.tolerance * std::fabs(c.published);
  };
  if (!agrees(reproduced)) return "not reproduced";
  if (!corrected) return c.at_most ? "holds" : "reproduced";
  return agrees(*corrected) ? "holds" : "only under its assumptions";
}

}  // namespace

config::NodePtr claims_schema() { return file_schema().share(); }

std::vector<Claim> load_claims(const config::Catalogue& catalogue) {
  std::vector<Claim> all;
  for (const std::string& name : catalogue.names("claims")) {
    auto file =
        config::load(file_schema(), catalogue.find("claims", name, {}), catalogue, "claims");
    for (Claim& c : file.value.claims) all.push_back(std::move(c));
  }
  return all;
}

Json reproduce(const std::vector<std::string>& ids, const config::Catalogue& catalogue) {
  const std::vector<Claim> all = load_claims(catalogue);
  std::vector<std::string> known;
  for (const Claim& c : all) known.push_back(c.id);
  std::vector<Problem> problems;
  for (const std::string& id : ids)
    if (std::find(known.begin(), known.end(), id) == known.end())
      problems.push_back(
          {{}, "", fmt::format("there is no claim '{}'", id), nearest_word(id, known)});
  if (!problems.empty()) throw ConfigError(problems);

  Runner runner(catalogue);
  Json out = Json::array();
  for (const Claim& c : all) {
    if (!ids.empty() && std::find(ids.begin(), ids.end(), c.id) == ids.end()) continue;
    const double reproduced = runner.number(c.reproduced);
    std::optional<double> corrected;
    if (c.corrected) corrected = runner.number(*c.corrected);
    Json j = {
        {"id", c.id}, {"claim", c.claim}, {"published", c.published}, {"reproduced", reproduced}};
    j["corrected"] = corrected ? Json(*corrected) : Json();
    j["unit"] = c.unit;
    j["verdict"] = verdict(c, reproduced, corrected);
    j["run"] = command(c.reproduced);
    j["corrected_run"] = c.corrected ? Json(command(*c.corrected)) : Json();
    j["scenario"] = c.reproduced.scenario;
    j["corrected_scenario"] = c.corrected ? Json(c.corrected->scenario) : Json();
    j["source"] = c.source;
    j["note"] = c.note;
    out.push_back(std::move(j));
  }
  return out;
}

std::string claims_text(const Json& claims) {
  std::string out = fmt::format("{:<22}{:>12}{:>12}{:>12}  {:<14}{}\n", "claim", "published",
                                "reproduced", "corrected", "unit", "verdict");
  for (const Json& c : claims) {
    const std::string corrected =
        c["corrected"].is_null() ? "-" : fmt::format("{:.4g}", c["corrected"].get<double>());
    out += fmt::format("{:<22}{:>12.4g}{:>12.4g}{:>12}  {:<14}{}\n", c["id"].get<std::string>(),
                       c["published"].get<double>(), c["reproduced"].get<double>(), corrected,
                       c["unit"].get<std::string>(), c["verdict"].get<std::string>());
    out += fmt::format("  {}  [{}]\n", c["claim"].get<std::string>(), c["run"].get<std::string>());
    if (const auto note = c["note"].get<std::string>(); !note.empty()) out += "  " + note + "\n";
  }
  return out;
}

}  // namespace fieldsim::report
