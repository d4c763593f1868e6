// An explanation for programs.
#include <nlohmann/json.hpp>

#include "sim/report/csv.hpp"
#include "sim/report/explain.hpp"
#include "sim/report/names.hpp"
#include "sim/report/version.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
namespace ex = system::explain;
using hardware::TaskLog;

namespace {

Json optional(const std::optional<double>& v) { return v ? Json(*v) : Json(); }
Json optional(const std::optional<Duration>& v) { return v ? Json(seconds(*v)) : Json(); }

Json split_json(const hardware::Split& split) {
  const double whole = seconds(split.total());
  Json parts = Json::array();
  for (std::size_t c = 0; c < hardware::kCategories; ++c)
    for (std::size_t l = 0; l < hardware::kLimiters; ++l)
      if (const Duration d = split.at(c, l); d > Duration::zero())
        parts.push_back({{"category", hardware::kCategoryNames[c]},
                         {"limited_by", hardware::kLimiterNames[l]},
                         {"time_s", seconds(d)},
                         {"share", seconds(d) / whole}});
  return {{"time_s", whole}, {"parts", parts}};
}

Json path_json(const ex::Explanation& e) {
  if (!e.path) return {};
  Json classes = Json::array();
  for (const ex::TaskClass& c : e.classes)
    classes.push_back({{"task", c.what},
                       {"phase", c.decode ? "decode" : "prefill"},
                       {"count", c.count},
                       {"on_path", c.on_path},
                       {"leading_nowhere", c.leading_nowhere},
                       {"time_s", seconds(c.time)},
                       {"time_on_path_s", seconds(c.time_on_path)},
                       {"least_slack_s", optional(c.least_slack)},
                       {"mean_slack_s", optional(c.mean_slack)}});
  return {{"length_s", seconds(e.path->length)},
          {"tasks", e.tasks_on_path},
          {"of_tasks", e.tasks},
          {"prefill", split_json(e.path->prefill)},
          {"decode", split_json(e.path->decode)},
          {"classes", classes}};
}

Json ceilings_json(const std::vector<ex::Ceiling>& all) {
  Json j = Json::array();
  for (const ex::Ceiling& c : all)
    j.push_back({{"resource", c.resource}, {"busy_s", seconds(c.busy)}, {"share", c.share}});
  return j;
}

Json agents_json(const ex::Agents& a) {
  Json times = Json::array(), rooms = Json::array();
  for (const ex::AgentsTime& t : a.times)
    times.push_back({{"activity", t.activity}, {"time_s", t.time_s}, {"share", t.share}});
  for (const ex::Room& r : a.rooms)
    rooms.push_back({{"room", r.name},
                     {r.bytes ? "peak_bytes" : "peak", r.peak},
                     {r.bytes ? "capacity_bytes" : "capacity", r.capacity}});
  return {{"elapsed_s", seconds(a.elapsed)}, {"agents_time", times}, {"rooms", rooms}};
}

Json side_json(const std::optional<ex::Side>& s) {
  if (!s) return {};
  Json j = {{"set", s->assignment}, {"factor", s->factor}};
  if (!s->problem.empty()) {
    j["problem"] = s->problem;
    return j;
  }
  j["value"] = s->value;
  j["gain"] = s->gain;
  j["predicted_gain"] = optional(s->predicted_gain);
  j["fits"] = s->fits;
  j["kink"] = s->kink;
  return j;
}

Json elasticity_json(const ex::Elasticity& e) {
  return {{"parameter", e.parameter.label},   {"path", e.parameter.knob.path()},
          {"value", e.parameter.knob.text()}, {"by_path", optional(e.predicted)},
          {"by_runs", optional(e.measured)},  {"up", side_json(e.up)},
          {"down", side_json(e.down)}};
}

Json speedup_json(const ex::Explanation& e) {
  Json alone = Json::array(), together = Json::array(), other = Json::array();
  for (const ex::Alone& a : e.alone)
    alone.push_back({{"parameter", a.label},
                     {"path", a.path},
                     {"reached", a.reached},
                     {"factor", a.factor},
                     {"speedup", a.speedup},
                     {"set", a.assignment}});
  for (const ex::Together& t : e.together)
    together.push_back({{"parameters", {t.first, t.second}},
                        {"factors", {t.first_factor, t.second_factor}},
                        {"speedup", t.speedup},
                        {"set", t.assignments}});
  for (const ex::Alternative& a : e.alternatives) {
    Json one = {{"policy", a.label}, {"set", a.assignments}};
    if (a.problem.empty())
      one.update({{"speedup", a.speedup}, {"fits", a.fits}, {"weaker_guarantee", a.weaker}});
    else
      one["problem"] = a.problem;
    other.push_back(one);
  }
  return {{"goal", e.goal.speedup}, {"alone", alone}, {"together", together}, {"policies", other}};
}

}  // namespace

Json explanation_json(const system::LoadedScenario& loaded, const ex::Explanation& e) {
  Json j;
  j["scenario"] = loaded.scenario.name;
  j["version"] = kVersion;
  j["seed"] = loaded.scenario.seed;
  j["fidelity"] = name_of(loaded.scenario.fidelity);
  j["metric"] = {{"path", e.metric.path},
                 {"value", e.value},
                 {"better", e.metric.higher_is_better ? "higher" : "lower"}};
  j["critical_path"] = path_json(e);
  if (e.agents) {
    j.erase("critical_path");
    j["agents"] = agents_json(*e.agents);
    j["bounds"] = {{"run", ceilings_json(e.agents->ceilings)}};
  } else {
    j["bounds"] = {{"prefill", ceilings_json(e.prefill_ceilings)},
                   {"decode", ceilings_json(e.decode_ceilings)}};
  }
  j["elasticities"] = Json::array();
  for (const ex::Elasticity& one : e.elasticities)
    j["elasticities"].push_back(elasticity_json(one));
  j["faster"] = speedup_json(e);
  return j;
}

std::string explanation_csv(const ex::Explanation& e) {
  std::vector<Json> rows;
  for (const ex::Elasticity& one : e.elasticities) {
    Json row = elasticity_json(one);
    // The same columns in every row, whichever sides there are.
    for (const char* side : {"up", "down"}) {
      const Json s = row[side];
      row[side] = Json::object();
      for (const char* key : {"set", "value", "gain", "predicted_gain", "kink", "problem"})
        row[side][key] = s.is_object() && s.contains(key) && !s[key].is_null() ? s[key] : Json("");
    }
    for (const char* key : {"by_path", "by_runs"})
      if (row[key].is_null()) row[key] = "";
    rows.push_back(std::move(row));
  }
  return csv(rows);
}

void draw_critical_path(ChromeTrace& trace, const TaskLog& log, const ex::Explanation& e) {
  if (!e.path) return;
  const des::TrackId track = trace.track("critical path", e.metric.path);
  for (TaskLog::Id id : e.path->tasks)
    if (const TaskLog::Task& t = log[id]; t.end > t.begin)
      trace.span(track, t.what, t.begin, t.end);
}

}  // namespace fieldsim::report
