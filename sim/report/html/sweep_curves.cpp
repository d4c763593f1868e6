// Curves and trade-offs of a sweep.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/report/html/sweep_report.hpp"

namespace fieldsim::report::html {

namespace {

constexpr std::size_t kMostCurves = 8;  // colours and dashes that can be told apart
constexpr std::size_t kMostPlots = 24;
constexpr std::size_t kMostPoints = 4000;  // of a plot
constexpr double kLogRange = 30;  // an axis that spans more than this factor is logarithmic

// A column names its unit at its end; counts say what they count.
std::string axis_title(const std::string& path) {
  const std::pair<const char*, const char*> units[] = {{"tokens_per_s", "tokens/s"},
                                                       {"bytes_per_s", "bytes/s"},
                                                       {"flops_per_s", "FLOP/s"},
                                                       {"transfers_per_s", "transfers/s"},
                                                       {"_per_s", "1/s"},
                                                       {"_bytes", "bytes"},
                                                       {".bytes", "bytes"},
                                                       {"_s", "s"},
                                                       {"_s.mean", "s"},
                                                       {"_s.p50", "s"},
                                                       {"_s.p90", "s"},
                                                       {"_s.p99", "s"},
                                                       {"_s.max", "s"},
                                                       {"_j_per_token", "J/token"},
                                                       {"_j", "J"},
                                                       {"_w", "W"},
                                                       {"_hz", "Hz"},
                                                       {"_flops", "FLOP"},
                                                       {"_cycles", "cycles"},
                                                       {"fraction", "share"},
                                                       {"_share", "share"},
                                                       {"utilization", "share"},
                                                       {"efficiency", "share"},
                                                       {"_tokens", "tokens"},
                                                       {"batch", "sequences"},
                                                       {"_failure", "probability"},
                                                       {"_probability", "probability"}};
  if (path.starts_with("ratio.")) return path + ", x of the first point";
  if (path.find("_per_") != std::string::npos && path.ends_with("_tokens")) return path;
  if (path.starts_with("time_breakdown_s.")) return path + ", s";
  for (const auto& [ending, unit] : units)
    if (path.ends_with(ending)) return path + ", " + unit;
  // "joules_per_million_tokens" says it all.
  return path.find("_per_") != std::string::npos ? path : path + ", number";
}

const char* scale(const std::set<double>& values) {
  if (values.empty() || *values.begin() <= 0) return "linear";
  return *values.rbegin() / *values.begin() > kLogRange ? "log" : "linear";
}

// Draws of a seed only repeat a point: they are no curves of their own.
bool is_replicate(const std::string& path) { return path == "seed"; }

class Curves {
 public:
  Curves(Page& page, const SweepTable& t) : page_(page), t_(t) {
    for (const std::string& path : t.varied) at_.push_back(sweep_column(t, path));
    if (t.axis.size() == t.varied.size())
      axis_ = t.axis;
    else
      for (std::size_t i = 0; i < t.varied.size(); ++i) axis_.push_back(i);
  }

  // Whether there is more than one value to draw against.
  bool varies(std::size_t v) const {
    std::set<std::string> seen;
    for (const auto& row : t_.rows)
      if (seen.insert(sweep_cell(row[at_[v]])).second && seen.size() > 1) return true;
    return false;
  }

  void draw(std::size_t v, const std::string& result) {
    const std::size_t y = sweep_column(t_, result);
    const bool dots = t_.drawn.size() == t_.varied.size() && t_.drawn[v];
    choose_series(v, dots);
    bool numeric = true;
    for (const auto& row : t_.rows) numeric = numeric && row[at_[v]].is_number();
    Json points = Json::array(), order = Json::array();
    std::set<double> xs, ys;
    std::set<std::string> names;
    for (std::size_t i = 0; i < t_.rows.size(); ++i) {
      const auto& row = t_.rows[i];
      if (!row[y].is_number() || !on_slice(row)) continue;
      const Json& x = row[at_[v]];
      if (numeric) xs.insert(x.get<double>());
      const std::string name = sweep_cell(x), curve = text(row, series_);
      if (!numeric && names.insert(name).second) order.push_back(name);
      ys.insert(row[y].get<double>());
      points.push_back({{"x", numeric ? x : Json(name)},
                        {"y", row[y].get<double>()},
                        {"series", curve.empty() ? "all points" : curve},
                        {"note", note(row)},
                        {"front", !t_.front.empty() && t_.front[i]}});
    }
    if (points.empty()) return page_.text(result + " is no number in any point.");
    const std::size_t all = points.size();
    if (all > kMostPoints) points = thinned(points);
    Plot plot;
    plot.spec = numeric ? "sweep" : "sweep_names";
    plot.words = {{"x", numeric ? axis_title(t_.varied[v]) : t_.varied[v]},
                  {"y", axis_title(result)},
                  {"series", series_.empty() ? "curve" : title(series_)},
                  {"yScale", scale(ys)}};
    if (numeric) {
      plot.words["xScale"] = scale(xs);
      plot.words["lineWidth"] = dots ? 0.0 : 1.8;
    } else {
      plot.words["names"] = order;
    }
    if (series_.empty()) plot.words["legend"] = nullptr;
    plot.datasets["points"] = std::move(points);
    plot.caption = result + " against " + t_.varied[v] +
                   (series_.empty() ? "" : "; a curve for each value of " + title(series_)) +
                   (fixed_.empty() ? "" : "; with " + held()) +
                   (replicated_ && !dots ? "; lines join the means over seeds" : "") +
                   (t_.front.empty()       ? ""
                    : t_.goals.size() == 1 ? "; rings mark the best"
                                           : "; rings are on the Pareto front") +
                   ".";
    page_.plot(std::move(plot));
    if (all > kMostPoints)
      page_.note(fmt::format("About {} of {} points are drawn, and all that are ringed.",
                             kMostPoints, all));
  }

 private:
  using Row = std::vector<Json>;

  std::string text(const Row& row, const std::vector<std::size_t>& paths) const {
    std::string s;
    for (std::size_t k : paths) s += (s.empty() ? "" : ", ") + sweep_cell(row[at_[k]]);
    return s;
  }
  std::string title(const std::vector<std::size_t>& paths) const {
    std::string s;
    for (std::size_t k : paths) s += (s.empty() ? "" : ", ") + t_.varied[k];
    return s;
  }
  std::string note(const Row& row) const {
    std::string s;
    for (std::size_t k = 0; k < at_.size(); ++k)
      s += (s.empty() ? "" : ", ") + t_.varied[k] + " = " + sweep_cell(row[at_[k]]);
    return s;
  }
  std::string held() const {
    std::string s;
    for (const auto& [k, value] : fixed_)
      s += (s.empty() ? "" : ", ") + t_.varied[k] + " = " + value;
    return s + (t_.front.empty() ? " as in the first point" : " as in a best point");
  }
  bool on_slice(const Row& row) const {
    return std::ranges::all_of(
        fixed_, [&](const auto& f) { return sweep_cell(row[at_[f.first]]) == f.second; });
  }
  std::size_t values(const std::vector<std::size_t>& paths) const {
    std::set<std::string> seen;
    for (const auto& row : t_.rows) seen.insert(text(row, paths));
    return seen.size();
  }

  // Every combination of the other axes is a curve where they are few. Otherwise those of one axis
  // are, and the others stay where a best point has them.
  void choose_series(std::size_t v, bool dots) {
    series_.clear();
    fixed_.clear();
    replicated_ = false;
    std::map<std::size_t, std::vector<std::size_t>> axes;
    std::vector<std::size_t> others;
    for (std::size_t k = 0; k < at_.size(); ++k) {
      if (axis_[k] == axis_[v]) continue;
      if (is_replicate(t_.varied[k])) {
        replicated_ = true;
        continue;
      }
      axes[axis_[k]].push_back(k);
      others.push_back(k);
    }
    if (values(others) <= kMostCurves) {
      series_ = others;
      return;
    }
    std::size_t most = 0;
    for (const auto& [axis, paths] : axes)
      if (const std::size_t n = values(paths); n <= kMostCurves && n > most) {
        most = n;
        series_ = paths;
      }
    if (dots) return;  // a cloud shows the spread over everything else
    const auto best = std::ranges::find(t_.front, true);
    const Row& like =
        t_.rows[best == t_.front.end() ? 0 : static_cast<std::size_t>(best - t_.front.begin())];
    for (std::size_t k : others)
      if (std::ranges::find(series_, k) == series_.end())
        fixed_.emplace_back(k, sweep_cell(like[at_[k]]));
  }

  static Json thinned(const Json& points) {
    const std::size_t each = points.size() / kMostPoints + 1;
    Json kept = Json::array();
    for (std::size_t i = 0; i < points.size(); ++i)
      if (i % each == 0 || points[i].at("front").get<bool>()) kept.push_back(points[i]);
    return kept;
  }

  Page& page_;
  const SweepTable& t_;
  std::vector<std::size_t> at_, axis_;  // by varied path: its column, its axis
  std::vector<std::size_t> series_;     // varied paths whose values make a curve
  std::vector<std::pair<std::size_t, std::string>> fixed_;
  bool replicated_ = false;
};

}  // namespace

void sweep_curves(Page& page, const SweepTable& t) {
  if (t.varied.empty()) return;
  page.section("Curves");
  Curves curves(page, t);
  std::size_t plots = 0, wanted = 0;
  for (std::size_t v = 0; v < t.varied.size(); ++v) {
    const bool only = t.varied.size() == 1 || t.rows.empty();
    if (!only && (is_replicate(t.varied[v]) || !curves.varies(v))) continue;
    if (t.varied.size() > 1 && !t.rows.empty()) page.subsection("over " + t.varied[v]);
    for (const std::string& result : t.shown)
      if (++wanted <= kMostPlots) {
        curves.draw(v, result);
        ++plots;
      }
    if (t.rows.empty()) break;
  }
  if (wanted > plots)
    page.note(fmt::format("{} of {} plots are drawn; 'columns' of the study chooses what.", plots,
                          wanted));
}

void sweep_trade_offs(Page& page, const SweepTable& t) {
  if (t.goals.size() < 2 || t.front.empty() || t.rows.empty()) return;
  page.section("Trade-off");
  for (std::size_t g = 1; g < t.goals.size(); ++g) {
    const Goal &a = t.goals[0], &b = t.goals[g];
    const std::size_t x = sweep_column(t, a.column), y = sweep_column(t, b.column);
    Json points = Json::array();
    std::set<double> xs, ys;
    for (std::size_t i = 0; i < t.rows.size(); ++i) {
      const auto& row = t.rows[i];
      if (!row[x].is_number() || !row[y].is_number()) continue;
      std::string note;
      for (const std::string& path : t.varied)
        note += (note.empty() ? "" : ", ") + path + " = " + sweep_cell(row[sweep_column(t, path)]);
      xs.insert(row[x].get<double>());
      ys.insert(row[y].get<double>());
      points.push_back({{"x", row[x]}, {"y", row[y]}, {"note", note}, {"front", t.front[i]}});
    }
    if (points.empty()) continue;
    const auto better = [](const Goal& goal) {
      return goal.maximize ? " (more is better)" : " (less is better)";
    };
    Plot plot;
    plot.spec = "pareto";
    plot.words = {{"x", axis_title(a.column) + better(a)},
                  {"y", axis_title(b.column) + better(b)},
                  {"xScale", scale(xs)},
                  {"yScale", scale(ys)}};
    plot.datasets["points"] = std::move(points);
    plot.caption = fmt::format(
        "{} against {}, a mark for each point. Filled: on the Pareto front of {} objectives{}.",
        b.column, a.column, t.goals.size(),
        t.goals.size() > 2 ? "; not all of it is an edge of this projection" : "");
    page.plot(std::move(plot));
  }
}

}  // namespace fieldsim::report::html
