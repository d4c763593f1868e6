#include <fmt/format.h>

#include <algorithm>

#include "sim/report/study/table.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

namespace {

std::string short_text(const View::Json& v) {
  constexpr std::size_t kWidest = 28;
  if (v.is_null()) return "-";
  if (v.is_number_float()) return fmt::format("{:.5g}", v.get<double>());
  std::string s = v.is_string() ? v.get<std::string>() : v.dump();
  return s.size() <= kWidest ? s : s.substr(0, kWidest - 3) + "...";
}

// What fits a screen when the study does not say which columns it wants.
bool is_main(const std::string& column) {
  for (const char* name :
       {"throughput.tokens_per_s", "latency.ttft_s", "latency.tpot_s.mean", "bound", "memory.fits"})
    if (column == name) return true;
  return false;
}

}  // namespace

std::string study_table(const StudyRun& run, const system::Study& study) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < run.columns.size(); ++c) {
    const std::string& name = run.columns[c];
    const bool derived =
        std::ranges::any_of(study.derive, [&](const auto& d) { return d.first == name; });
    const bool chosen = !study.columns.empty() && name != "best" && name != "pareto";
    const bool error = name == "error";
    if (error ? run.failed > 0
              : c < run.varied || derived || chosen || is_main(name) || name.starts_with("ratio."))
      columns.push_back(c);
  }
  std::string out;
  std::vector<std::vector<std::string>> lines(1 + run.shown.size());
  for (std::size_t c : columns) {
    std::size_t width = run.columns[c].size();
    for (const View::Row& row : run.shown) width = std::max(width, short_text(row.cells[c]).size());
    lines[0].push_back(fmt::format("{:>{}}", run.columns[c], width));
    for (std::size_t r = 0; r < run.shown.size(); ++r)
      lines[r + 1].push_back(fmt::format("{:>{}}", short_text(run.shown[r].cells[c]), width));
  }
  for (const auto& line : lines) {
    for (const std::string& cell : line) out += "  " + cell;
    out += '\n';
  }
  return out;
}

namespace {

// What is drawn: the objectives, then the columns asked for, or the usual ones.
std::vector<std::string> shown(const StudyRun& run, const system::Study& study,
                               const std::vector<html::Goal>& goals) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  for (const html::Goal& g : goals) add(g.column);
  for (std::size_t c = run.varied; c < run.columns.size(); ++c) {
    const std::string& name = run.columns[c];
    if (name == "best" || name == "pareto" || name == "error") continue;
    const bool derived =
        std::ranges::any_of(study.derive, [&](const auto& d) { return d.first == name; });
    if (!derived && study.columns.empty() && !is_main(name) && !name.starts_with("ratio."))
      continue;
    if (std::ranges::any_of(run.all, [&](const View::Row& r) { return r.cells[c].is_number(); }))
      add(name);
  }
  return out;
}

std::vector<std::string> notes(const StudyRun& run, const system::Study& study) {
  std::vector<std::string> out;
  if (!study.description.empty()) out.push_back(study.description);
  std::string size;
  for (const system::Axis& a : study.axes)
    size += (size.empty() ? "" : " x ") + grouped(static_cast<std::int64_t>(a.size()));
  out.push_back(fmt::format("{} points: {}.", grouped(static_cast<std::int64_t>(study.points())),
                            study.axes.size() > 1 ? size : "one axis"));
  if (run.shard.of > 1)
    out.push_back(
        fmt::format("This is shard {}: every {}th point, {} in all. 'fieldsim merge' joins the "
                    "shards, and has --report for the whole.",
                    run.shard.str(), run.shard.of, grouped(static_cast<std::int64_t>(run.points))));
  for (const system::Expression& e : study.where)
    out.push_back(fmt::format("Constraint: {}.", e.text()));
  for (const system::Objective& o : study.objectives)
    out.push_back(fmt::format("Objective: {} {}.", o.maximize ? "maximize" : "minimize",
                              o.expression.text()));
  for (const auto& [name, e] : study.derive)
    out.push_back(fmt::format("Derived: {} = {}.", name, e.text()));
  return out;
}

}  // namespace

html::SweepTable sweep_table(const StudyRun& run, const system::Study& study) {
  html::SweepTable t;
  t.title = study.name;
  t.notes = notes(run, study);
  t.columns = run.columns;
  for (std::size_t a = 0; a < study.axes.size(); ++a)
    for (const system::AxisPath& p : study.axes[a].paths) {
      t.varied.push_back(p.column);
      t.axis.push_back(a);
      t.drawn.push_back(p.drawn);
    }
  // An objective that is no column becomes one.
  std::vector<std::size_t> computed;
  for (std::size_t o = 0; o < study.objectives.size(); ++o) {
    const auto& objective = study.objectives[o];
    t.goals.push_back({objective.expression.text(), objective.maximize});
    if (std::ranges::find(t.columns, t.goals.back().column) != t.columns.end()) continue;
    t.columns.push_back(t.goals.back().column);
    computed.push_back(o);
  }
  t.shown = shown(run, study, t.goals);
  const auto mark = std::ranges::find_if(
      run.columns, [](const std::string& c) { return c == "best" || c == "pareto"; });
  for (const View::Row& row : run.all) {
    t.rows.push_back(row.cells);
    for (std::size_t o : computed)
      t.rows.back().push_back(row.objectives.empty() ? View::Json()
                              : t.goals[o].maximize  ? View::Json(row.objectives[o])
                                                     : View::Json(-row.objectives[o]));
    if (t.goals.empty() || mark == run.columns.end()) continue;
    const View::Json& cell = row.cells[static_cast<std::size_t>(mark - run.columns.begin())];
    t.front.push_back(cell.is_boolean() && cell.get<bool>());
  }
  t.left_out = run.omitted;
  std::size_t next = 0;
  for (const View::Row& row : run.all)
    if (row.failed) t.failed.emplace_back(run.failures[next++], row.cells.back());
  return t;
}

}  // namespace fieldsim::report
