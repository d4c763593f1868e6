#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/report/explain.hpp"
#include "sim/report/explain_tile.hpp"
#include "sim/report/json.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::cli {

namespace ex = system::explain;

namespace {

// Counts the runs on a terminal: a long scenario takes hundreds of times as long to explain.
ex::Evaluate counted(ex::Evaluate evaluate, bool quiet) {
  if (quiet || ::isatty(STDERR_FILENO) == 0) return evaluate;
  return [evaluate, runs = 0](const std::vector<std::string>& more) mutable {
    fmt::print(stderr, "\rfieldsim: run {} ", ++runs);
    return evaluate(more);
  };
}

}  // namespace

int explain_tile(const Options& o) {
  for (const std::string& path : {o.json, o.trace}) require_writable(path);
  const config::Catalogue catalogue;
  std::vector<std::string> settings = o.settings();
  settings.push_back("fidelity=tile");
  const system::LoadedScenario loaded = system::load_scenario(o.files.front(), catalogue, settings);
  const system::TileExplanation e = system::explain_tile(loaded.scenario);
  if (!o.trace.empty()) {
    report::ChromeTrace trace;
    report::draw_tiles(e, trace);
    write_output(o.trace, trace.json());
  }
  if (!o.json.empty()) write_output(o.json, report::text(report::tile_json(loaded, e)));
  if (o.json != "-" && o.trace != "-" && !o.quiet) print(report::tile_text(loaded, e));
  return 0;
}

int explain(const Options& o) {
  if (o.fidelity == "tile") return explain_tile(o);
  for (const std::string& path : {o.json, o.csv, o.trace}) require_writable(path);
  std::vector<std::string> settings = o.settings();
  if (!o.fidelity.empty()) settings.push_back("fidelity=" + o.fidelity);
  const system::LoadedScenario loaded =
      system::load_scenario(o.files.front(), config::Catalogue(), settings);
  const system::Scenario& scenario = loaded.scenario;

  report::ChromeTrace trace;
  hardware::TaskLog log;
  const system::Result result =
      system::simulate(scenario, o.trace.empty() ? nullptr : &trace, &log);
  if (result.recovery.aborted)
    throw OutputError(
        "the run aborts: a boundary failed more often than recovery.retry_limit, so there is no "
        "whole run to explain");
  const double value = report::metric_value(report::result_json(loaded, result, false), o.metric);
  const ex::Explanation e =
      ex::explain(scenario, result, log.tasks().empty() ? nullptr : &log, ex::metric_of(o.metric),
                  value, counted(report::evaluator(o.files.front(), settings, o.metric), o.quiet));
  if (!o.quiet && ::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r{:30}\r", "");
  if (!o.trace.empty()) {
    report::draw_critical_path(trace, log, e);
    write_output(o.trace, trace.json());
  }
  if (!o.csv.empty()) write_output(o.csv, report::explanation_csv(e));
  if (!o.json.empty()) write_output(o.json, report::text(report::explanation_json(loaded, e)));
  if (o.json != "-" && o.csv != "-" && o.trace != "-" && !o.quiet)
    print(report::explanation_text(loaded, e));
  return 0;
}

}  // namespace fieldsim::cli
