#include "sim/report/html/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/base/error.hpp"
#include "sim/report/html/sections.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report::html {

namespace {

constexpr std::size_t kMostCurves = 8;  // colours and dashes that can be told apart
constexpr std::size_t kMostRows = 500;
constexpr double kLogRange = 30;  // an axis that spans more than this factor is logarithmic

std::size_t column(const SweepTable& t, const std::string& name) {
  const auto it = std::ranges::find(t.columns, name);
  SIM_CHECK(it != t.columns.end(), "a column of the sweep that is not there: " + name);
  return static_cast<std::size_t>(it - t.columns.begin());
}

std::string cell_text(const Json& v) {
  if (v.is_null()) return "";
  if (v.is_number_float()) return number_text(v.get<double>());
  return v.is_string() ? v.get<std::string>() : v.dump();
}

// "throughput.tokens_per_s" names its unit at its end; a path of the scenario is its own name.
std::string axis_title(const std::string& path) {
  const std::pair<const char*, const char*> units[] = {{"tokens_per_s", "tokens/s"},
                                                       {"_bytes", "bytes"},
                                                       {"_s", "s"},
                                                       {"_s.mean", "s"},
                                                       {"_s.p50", "s"},
                                                       {"_s.p90", "s"},
                                                       {"_s.p99", "s"},
                                                       {"_s.max", "s"},
                                                       {"_j_per_token", "J/token"},
                                                       {"fraction", "share"},
                                                       {"utilization", "share"},
                                                       {"tokens", "tokens"}};
  for (const auto& [ending, unit] : units)
    if (path.ends_with(ending)) return path + ", " + unit;
  return path;
}

const char* scale(const std::set<double>& values) {
  if (values.empty() || *values.begin() <= 0) return "linear";
  return *values.rbegin() / *values.begin() > kLogRange ? "log" : "linear";
}

// The value of the first varied path as a number, or its place where it is none.
std::vector<double> abscissae(const SweepTable& t, std::size_t x) {
  std::map<std::string, double> places;
  std::vector<double> values;
  for (const auto& row : t.rows) {
    const Json& v = row[x];
    if (v.is_number())
      values.push_back(v.get<double>());
    else
      values.push_back(
          places.emplace(cell_text(v), static_cast<double>(places.size())).first->second);
  }
  return values;
}

void curves(Page& page, const SweepTable& t, const std::string& result) {
  const std::size_t x = column(t, t.varied.front()), y = column(t, result);
  const std::vector<double> at = abscissae(t, x);
  std::vector<std::string> series;
  std::set<double> xs, ys;
  Json points = Json::array();
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < t.rows.size(); ++i) {
    const auto& row = t.rows[i];
    if (!row[y].is_number()) continue;
    std::string name;
    for (std::size_t k = 1; k < t.varied.size(); ++k)
      name += (k > 1 ? ", " : "") + cell_text(row[column(t, t.varied[k])]);
    if (std::ranges::find(series, name) == series.end()) {
      if (series.size() == kMostCurves) {
        ++left_out;
        continue;
      }
      series.push_back(name);
    }
    xs.insert(at[i]);
    ys.insert(row[y].get<double>());
    points.push_back({{"x", at[i]},
                      {"y", row[y].get<double>()},
                      {"series", name.empty() ? "all points" : name},
                      {"note", t.varied.front() + " = " + cell_text(row[x])},
                      {"front", !t.front.empty() && t.front[i]}});
  }
  if (points.empty()) return page.text(result + " is no number in any point.");
  std::string by;
  for (std::size_t k = 1; k < t.varied.size(); ++k) by += (k > 1 ? ", " : "") + t.varied[k];
  Plot plot;
  plot.spec = "sweep";
  plot.words = {{"x", axis_title(t.varied.front())},
                {"y", axis_title(result)},
                {"series", by.empty() ? "curve" : by},
                {"xScale", scale(xs)},
                {"yScale", scale(ys)}};
  plot.datasets["points"] = std::move(points);
  plot.caption = result + " against " + t.varied.front() +
                 (by.empty() ? "" : "; a curve for each value of " + by) +
                 (t.front.empty() ? "" : "; rings are on the Pareto front") + ".";
  page.plot(std::move(plot));
  if (left_out > 0)
    page.note(fmt::format("{} curves are drawn; {} points of other curves are left out.",
                          kMostCurves, left_out));
}

}  // namespace

Page sweep_page(const SweepTable& t, const config::Provenance& base) {
  Page page(t.title);
  page.section("Curves");
  page.text(fmt::format("{} points.", grouped(static_cast<std::int64_t>(t.rows.size()))));
  if (!t.varied.empty())
    for (const std::string& result : t.shown) curves(page, t, result);
  page.section("Points");
  Table table{"", t.varied, {}, {}};
  for (const std::string& s : t.shown) {
    table.numeric.push_back(table.head.size());
    table.head.push_back(s);
  }
  if (!t.front.empty()) table.head.emplace_back("on the front");
  for (std::size_t i = 0; i < std::min(t.rows.size(), kMostRows); ++i) {
    std::vector<std::string> cells;
    for (const auto* names : {&t.varied, &t.shown})
      for (const std::string& name : *names) cells.push_back(cell_text(t.rows[i][column(t, name)]));
    if (!t.front.empty()) cells.emplace_back(t.front[i] ? "yes" : "");
    table.rows.push_back(std::move(cells));
  }
  page.table(table);
  if (t.rows.size() > kMostRows)
    page.note(fmt::format("The first {} points; all of them are in the CSV.", kMostRows));
  assumptions_section(page, base);
  return page;
}

}  // namespace fieldsim::report::html
