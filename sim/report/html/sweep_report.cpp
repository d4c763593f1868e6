#include "sim/report/html/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/report/html/sections.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report::html {

namespace {

constexpr std::size_t kMostRows = 500;
constexpr std::size_t kMostBest = 20;
constexpr std::size_t kMostLeftOut = 200;

std::string count(std::size_t n) { return grouped(static_cast<std::int64_t>(n)); }

std::string counted(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", count(n), what, n == 1 ? "" : "s");
}

// Rows for which `wanted` holds, up to a number of them; how many there are.
template <typename Wanted>
std::size_t rows_table(Page& page, const SweepTable& t, std::size_t most, Wanted wanted) {
  Table table{"", t.varied, {}, {}};
  for (const std::string& s : t.shown) {
    table.numeric.push_back(table.head.size());
    table.head.push_back(s);
  }
  const bool marks = !t.front.empty();
  if (marks) table.head.emplace_back(t.goals.size() == 1 ? "best" : "on the front");
  std::size_t found = 0;
  for (std::size_t i = 0; i < t.rows.size(); ++i) {
    if (!wanted(i) || ++found > most) continue;
    std::vector<std::string> cells;
    for (const auto* names : {&t.varied, &t.shown})
      for (const std::string& name : *names)
        cells.push_back(sweep_cell(t.rows[i][sweep_column(t, name)]));
    if (marks) cells.emplace_back(t.front[i] ? "yes" : "");
    table.rows.push_back(std::move(cells));
  }
  page.table(table);
  return found;
}

void overview(Page& page, const SweepTable& t) {
  page.section("Summary");
  for (const std::string& note : t.notes) page.text(note);
  page.figures({{count(t.rows.size() - std::min(t.rows.size(), t.failed.size())),
                 t.rows.size() == 1 ? "point with results" : "points with results"},
                {count(t.left_out.size()), "left out by the constraints"},
                {count(t.failed.size()), "failed"}});
  if (t.rows.empty()) {
    page.warning(t.left_out.empty()
                     ? "There is no point."
                     : "No point meets the constraints: there is nothing to draw. What they leave "
                       "out is listed below.");
    return;
  }
  if (t.goals.empty() || t.front.empty()) return;
  page.subsection(t.goals.size() == 1 ? "Best" : "Pareto front: no other point is better in all");
  const std::size_t best =
      rows_table(page, t, kMostBest, [&](std::size_t i) { return t.front[i]; });
  if (best == 0) page.text("No point has a number for every objective.");
  if (best > kMostBest)
    page.note(fmt::format("The first {} of {}{}.", kMostBest, count(best),
                          t.goals.size() == 1 ? " that are equally good" : ""));
}

void excluded(Page& page, const SweepTable& t) {
  if (!t.failed.empty()) {
    page.section("Points that failed");
    Table table{"", {"point", "why"}, {}, {}};
    for (std::size_t i = 0; i < std::min(t.failed.size(), kMostLeftOut); ++i)
      table.rows.push_back({t.failed[i].first, t.failed[i].second});
    page.table(table);
    if (t.failed.size() > kMostLeftOut)
      page.note(fmt::format("The first {} of {}.", kMostLeftOut, count(t.failed.size())));
  }
  if (!t.left_out.empty()) {
    page.section("Points that the constraints leave out");
    Table table{"", {"point"}, {}, {}};
    for (std::size_t i = 0; i < std::min(t.left_out.size(), kMostLeftOut); ++i)
      table.rows.push_back({t.left_out[i]});
    page.table(table);
    if (t.left_out.size() > kMostLeftOut)
      page.note(fmt::format("The first {} of {}.", kMostLeftOut, count(t.left_out.size())));
  }
}

}  // namespace

std::size_t sweep_column(const SweepTable& t, const std::string& name) {
  const auto it = std::ranges::find(t.columns, name);
  SIM_CHECK(it != t.columns.end(), "a column of the sweep that is not there: " + name);
  return static_cast<std::size_t>(it - t.columns.begin());
}

std::string sweep_cell(const Json& v) {
  if (v.is_null()) return "";
  if (v.is_number_float()) return number_text(v.get<double>());
  return v.is_string() ? v.get<std::string>() : v.dump();
}

Page sweep_page(const SweepTable& t, const config::Provenance& base) {
  Page page(t.title);
  overview(page, t);
  sweep_trade_offs(page, t);
  sweep_curves(page, t);
  if (!t.rows.empty()) {
    page.section("Points");
    rows_table(page, t, kMostRows, [](std::size_t) { return true; });
    if (t.rows.size() > kMostRows)
      page.note(fmt::format("The first {} of {}; --csv writes all of them.", kMostRows,
                            counted(t.rows.size(), "point")));
  }
  excluded(page, t);
  assumptions_section(page, base);
  return page;
}

}  // namespace fieldsim::report::html
