#include "sim/report/html/run_report.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/report/html/sections.hpp"

namespace fieldsim::report::html {

namespace {

// Comparisons: numbers of the results side by side, as comparison_text has them.
void inputs_table(Page& page, const std::vector<Compared>& all) {
  const Json inputs = comparison_json(all).at("inputs");
  Table table{"", {"key"}, {}, {}};
  for (std::size_t i = 0; i < all.size(); ++i) table.head.push_back(fmt::format("[{}]", i + 1));
  for (const auto& [path, values] : inputs.items()) {
    std::vector<std::string> cells = {path};
    for (const Json& v : values) cells.push_back(v.get<std::string>());
    table.rows.push_back(std::move(cells));
  }
  page.table(table);
}

void results_table(Page& page, const std::vector<Compared>& all) {
  Table table{"what that does; ratios are to [1]", {"result"}, {}, {}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    table.numeric.push_back(i + 1);
    table.head.push_back(fmt::format("[{}]", i + 1));
  }
  for (const ComparedRow& row : compared_rows(all)) {
    std::vector<std::string> cells = {row.label};
    cells.insert(cells.end(), row.cells.begin(), row.cells.end());
    table.rows.push_back(std::move(cells));
  }
  page.table(table);
}

}  // namespace

Page run_page(const system::LoadedScenario& loaded, const nlohmann::ordered_json& json,
              const Timeline& timeline) {
  Page page(loaded.scenario.name);
  const std::vector<NamedResult> runs = {{loaded.scenario.model.name, &json}};
  summary_section(page, json);
  timeline_section(page, timeline, json);
  breakdown_section(page, runs);
  resources_section(page, json);
  roofline_section(page, loaded.scenario);
  memory_section(page, runs);
  assumptions_section(page, loaded.provenance);
  return page;
}

Page comparison_page(const std::vector<Compared>& all, const std::vector<Timeline>& timelines) {
  SIM_CHECK(all.size() == timelines.size(), "a timeline for each run");
  Page page(fmt::format("{} scenarios side by side", all.size()));
  std::vector<NamedResult> runs;
  for (std::size_t i = 0; i < all.size(); ++i)
    runs.push_back({fmt::format("[{}] {}", i + 1, all[i].loaded.scenario.name), &all[i].json});
  page.section("Comparison");
  Table names{"", {"", "scenario"}, {}, {}};
  for (std::size_t i = 0; i < all.size(); ++i)
    names.rows.push_back({fmt::format("[{}]", i + 1), all[i].loaded.scenario.name});
  page.table(names);
  results_table(page, all);
  breakdown_section(page, runs);
  memory_section(page, runs);
  page.section("What differs in the input");
  inputs_table(page, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    page.part(runs[i].name);
    summary_section(page, all[i].json);
    timeline_section(page, timelines[i], all[i].json);
    resources_section(page, all[i].json);
    roofline_section(page, all[i].loaded.scenario);
    assumptions_section(page, all[i].loaded.provenance);
  }
  return page;
}

}  // namespace fieldsim::report::html
