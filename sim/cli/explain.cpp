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
  require_outputs({o.json, o.trace});
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
  require_outputs({o.json, o.csv, o.trace});
  std::vector<std::string> settings = o.settings();
  if (!o.fidelity.empty()) settings.push_back("fidelity=" + o.fidelity);
  const system::LoadedScenario loaded =
      system::load_scenario(o.files.front(), config::Catalogue(), settings);
  const system::Scenario& scenario = loaded.scenario;
  // Of agents what counts is what is committed with all it derives from.
  const std::string wanted = !o.metric.empty()          ? o.metric
                             : scenario.workload.agents ? "throughput.committed_tokens_per_s"
                                                        : "throughput.tokens_per_s";

  report::ChromeTrace trace;
  hardware::TaskLog log;
  const system::Result result = system::simulate(scenario, o.trace.empty() ? nullptr : &trace,
                                                 scenario.workload.agents ? nullptr : &log);
  if (result.recovery.aborted && !result.agents)
    throw OutputError(
        "the run aborts: a boundary failed more often than recovery.retry_limit, so there is no "
        "whole run to explain");
  const double value = report::metric_value(report::result_json(loaded, result, false), wanted);
  const ex::Explanation e =
      ex::explain(scenario, result, log.tasks().empty() ? nullptr : &log, ex::metric_of(wanted),
                  value, counted(report::evaluator(o.files.front(), settings, wanted), o.quiet));
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
