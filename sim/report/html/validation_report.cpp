#include "sim/report/html/validation_report.hpp"

#include <fmt/format.h>

#include <map>

#include "sim/report/html/sections.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report::html {

namespace {

// More points than this only darken the plot. Those drawn are spread evenly over the rows.
constexpr std::size_t kMostPoints = 4000;

std::vector<std::string> cells(const std::string& what, const calibrate::Score& s) {
  const auto percent = [](double share) { return fmt::format("{:.2f}", 100 * share); };
  return {
      what,           grouped(static_cast<std::int64_t>(s.n)), percent(s.mape), percent(s.median),
      percent(s.p90), fmt::format("{:+.2f}", 100 * s.bias)};
}

void scatter(Page& page, const calibrate::Validation& v, const std::vector<calibrate::Row>& rows) {
  page.section("Predicted against measured");
  const std::size_t each = v.by_row.size() / kMostPoints + 1;
  Json points = Json::array();
  for (std::size_t i = 0; i < v.by_row.size(); i += each) {
    const calibrate::RowResult& r = v.by_row[i];
    const calibrate::Row& row = rows.at(r.row);
    points.push_back({{"operation", hardware::tile::name(row.op)},
                      {"series", calibrate::name(r.regime)},
                      {"what", row.layout() + ", " + row.precision()},
                      {"measured_us", row.measured_us},
                      {"predicted_us", r.predicted_us}});
  }
  if (points.empty()) return page.text("No row was left to predict.");
  Plot plot;
  plot.spec = "scatter";
  plot.caption =
      "Predicted against measured time, us, both logarithmic. On the solid line they are equal; "
      "the "
      "dotted lines are 10 % off. Colour and shape: what sets the pace of the kernel.";
  plot.words["size"] = points.size() > 200 ? 16 : 60;
  plot.datasets["rows"] = std::move(points);
  page.plot(std::move(plot));
  if (each > 1)
    page.note(fmt::format("One row in {} is drawn; the scores are of all {}.", each,
                          grouped(static_cast<std::int64_t>(v.by_row.size()))));
}

}  // namespace

Page validation_page(const std::string& hardware, const calibrate::Validation& v,
                     const std::vector<calibrate::Row>& rows,
                     const config::Provenance& provenance) {
  Page page("Predicted against measured on " + hardware);
  page.section("Summary");
  page.figures({{fmt::format("{:.2f} %", 100 * v.overall.mape), "mean absolute error"},
                {fmt::format("{:.2f} %", 100 * v.overall.median), "median"},
                {fmt::format("{:.2f} %", 100 * v.overall.p90), "nine in ten are within"},
                {fmt::format("{:+.2f} %", 100 * v.overall.bias), "bias"},
                {grouped(static_cast<std::int64_t>(v.overall.n)), "rows"}});
  page.text(
      fmt::format("{} rows above the part's peak were rejected; {:.0f} % of the rest lie in "
                  "their 90 % band.",
                  v.rejected, 100 * v.covered));
  scatter(page, v, rows);
  page.section("Scores");
  Table table{
      "errors in %", {"stratum", "rows", "mean", "median", "p90", "bias"}, {}, {1, 2, 3, 4, 5}};
  for (const auto& [name, score] : v.operations) table.rows.push_back(cells("all " + name, score));
  for (const calibrate::Stratum& s : v.strata)
    table.rows.push_back(cells(
        fmt::format("{}, {}, {}, {}", s.operation, s.regime, s.layout, s.precision), s.score));
  page.table(table);
  assumptions_section(page, provenance);
  return page;
}

}  // namespace fieldsim::report::html
