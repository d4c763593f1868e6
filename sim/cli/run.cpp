#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/report/compare.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/html/run_report.hpp"
#include "sim/report/json.hpp"
#include "sim/report/summary.hpp"
#include "sim/report/tee.hpp"
#include "sim/report/trace.hpp"
#include "sim/system/load.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::cli {

int run(const Options& o) {
  require_outputs({o.json, o.csv, o.trace, o.report});
  const config::Catalogue catalogue;
  const system::LoadedScenario loaded =
      system::load_scenario(o.files.front(), catalogue, o.settings());
  std::unique_ptr<report::ChromeTrace> trace;
  if (!o.trace.empty()) trace = std::make_unique<report::ChromeTrace>();
  report::html::Timeline timeline;
  report::Tee sinks;
  if (trace) sinks.add(*trace);
  if (!o.report.empty()) sinks.add(timeline);
  const system::Result result = system::simulate(loaded.scenario, sinks.empty() ? nullptr : &sinks);
  const nlohmann::ordered_json json = report::result_json(loaded, result, o.timing);
  if (trace) write_output(o.trace, trace->json());
  if (!o.csv.empty()) write_output(o.csv, report::csv({json}));
  if (!o.json.empty()) write_output(o.json, report::text(json));
  if (!o.report.empty())
    write_report(o.report, report::html::run_page(loaded, json, timeline), o.quiet);
  if (o.report != "-" && o.json != "-" && o.csv != "-" && o.trace != "-" && !o.quiet)
    print(report::summary(loaded, result));
  return 0;
}

int compare(const Options& o) {
  require_outputs({o.json, o.csv, o.report});
  const config::Catalogue catalogue;
  std::vector<report::Compared> all;
  std::vector<report::html::Timeline> timelines(o.files.size());
  const bool reporting = !o.report.empty();
  for (const std::string& file : o.files) {
    report::Compared c;
    c.loaded = system::load_scenario(file, catalogue, o.settings());
    des::TraceSink* sink = reporting ? &timelines[all.size()] : nullptr;
    c.json = report::result_json(c.loaded, system::simulate(c.loaded.scenario, sink), o.timing);
    all.push_back(std::move(c));
  }
  if (!o.json.empty()) write_output(o.json, report::text(report::comparison_json(all)));
  if (!o.csv.empty()) {
    std::vector<nlohmann::ordered_json> rows;
    for (const report::Compared& c : all) rows.push_back(c.json);
    write_output(o.csv, report::csv(rows));
  }
  if (reporting) write_report(o.report, report::html::comparison_page(all, timelines), o.quiet);
  if (o.json != "-" && o.csv != "-" && o.report != "-" && !o.quiet)
    print(report::comparison_text(all));
  return 0;
}

}  // namespace fieldsim::cli
