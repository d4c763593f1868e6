#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/config/document.hpp"
#include "sim/system/calibrate/fit.hpp"
#include "sim/system/calibrate/plan.hpp"
#include "sim/system/calibrate/table.hpp"
#include "sim/system/calibrate/validate.hpp"
#include "sim/system/calibrate/yaml.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/tile_params.hpp"

namespace fieldsim::cli {

namespace cal = fieldsim::calibrate;
using cal::Operation;

namespace {

constexpr int kGateMissed = 1;

hardware::HardwareParams load_hardware(const Options& o) {
  const config::Catalogue catalogue;
  if (o.hardware.empty())
    throw ConfigError({}, "--hardware", "is needed: the part that the tables were measured on");
  return config::load(system::hardware_schema(), catalogue.find("hardware", o.hardware, {}),
                      catalogue, "hardware", o.assignments)
      .value;
}

std::vector<cal::Row> read_rows(const std::vector<std::string>& files) {
  std::vector<cal::Row> rows;
  std::vector<Problem> problems;
  for (const std::string& file : files) {
    try {
      const cal::Table table = cal::read_table(file);
      rows.insert(rows.end(), table.rows.begin(), table.rows.end());
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  if (!problems.empty()) throw ConfigError(problems);
  return rows;
}

std::string score_line(const std::string& name, const cal::Score& s) {
  return fmt::format("  {:<44}{:>7}{:>8.2f}{:>8.2f}{:>8.2f}{:>+8.2f}\n", name, s.n, 100 * s.mape,
                     100 * s.median, 100 * s.p90, 100 * s.bias);
}

int plan(const Options& o) {
  const hardware::HardwareParams hw = load_hardware(o);
  const auto shape = hardware::tile::shape_of(hw.gpu);
  const auto at = system::tile_params(hw.gpu);
  const std::vector<cal::Row> shapes = read_rows(o.shapes);
  std::vector<cal::Row> chosen;
  for (Operation op : {Operation::decode, Operation::prefill, Operation::gemm}) {
    const std::vector<cal::Row> from = shapes.empty() ? cal::candidate_shapes(op, shape) : shapes;
    for (std::size_t i : cal::plan(static_cast<std::size_t>(o.plan), op, from, shape, at)) {
      chosen.push_back(from[i]);
      chosen.back().measured_us = 0;
    }
  }
  const std::string table = cal::to_csv(chosen);
  if (o.output.empty())
    print(table);
  else
    write_output(o.output, table);
  return 0;
}

}  // namespace

int validate(const Options& o) {
  require_writable(o.json);
  const hardware::HardwareParams hw = load_hardware(o);
  const cal::Filtered filtered = cal::physics_filter(read_rows(o.files), hw.gpu);
  cal::Validation v = cal::validate(filtered.rows, hw.gpu, system::tile_params(hw.gpu),
                                    system::has_tile_params(hw.gpu));
  v.rejected = filtered.rejected;
  if (!o.json.empty()) write_output(o.json, cal::to_json(v, filtered.rows, o.rows) + "\n");
  if (o.json != "-" && !o.quiet) {
    print(fmt::format("predicted against measured on {}, errors in %\n", hw.name));
    print(fmt::format("  {:<44}{:>7}{:>8}{:>8}{:>8}{:>8}\n", "stratum", "rows", "MAPE", "median",
                      "p90", "bias"));
    for (const cal::Stratum& s : v.strata)
      print(score_line(s.operation + " " + s.regime + " " + s.layout + " " + s.precision, s.score));
    for (const auto& [name, score] : v.operations) print(score_line("all " + name, score));
    print(score_line("overall", v.overall));
    print(
        fmt::format("  {} rows above the part's peak were rejected; {:.0f} % of the rest lie in "
                    "their 90 % band\n",
                    v.rejected, 100 * v.covered));
    for (const std::string& reason : filtered.reasons) fmt::print(stderr, "rejected {}\n", reason);
  }
  if (o.gate.empty()) return 0;
  const std::vector<std::string> missed = cal::missed_gates(v, o.gate);
  for (const std::string& m : missed) fmt::print(stderr, "gate missed: {}\n", m);
  return missed.empty() ? 0 : kGateMissed;
}

int calibrate(const Options& o) {
  if (o.plan > 0) return plan(o);
  if (o.output.empty()) throw ConfigError({}, "-o", "is needed: the hardware file to write");
  if (o.files.empty()) throw ConfigError({}, "", "no table was given");
  require_writable(o.output);
  const hardware::HardwareParams hw = load_hardware(o);
  const cal::Filtered filtered = cal::physics_filter(read_rows(o.files), hw.gpu);
  const auto shape = hardware::tile::shape_of(hw.gpu);
  const cal::Fitted fitted =
      cal::fit(cal::prepare(filtered.rows, shape), shape, hardware::tile::default_params(shape));
  std::string tables;
  for (const std::string& f : o.files) {
    const auto slash = f.find_last_of('/');
    tables += (tables.empty() ? "" : ", ") + (slash == std::string::npos ? f : f.substr(slash + 1));
  }
  write_output(
      o.output,
      fmt::format(
          "# Written by fieldsim calibrate: {} rows fitted, {} above the part's peak rejected.\n"
          "extends: {}\n",
          fitted.rows, filtered.rejected, o.hardware) +
          cal::to_yaml(fitted, shape, tables));
  if (!o.quiet) {
    print(fmt::format("{} rows fitted, {} rejected, residual {:.1f} %\n", fitted.rows,
                      filtered.rejected, 100 * fitted.residual));
    for (const cal::FittedValue& value : fitted.values)
      print(fmt::format("  {:<28}{:>12.5g} {:<6} +- {:.2g}  ({} rows)\n", value.parameter.name,
                        value.value, value.parameter.unit, value.uncertainty, value.rows));
    for (const std::string& name : fitted.unidentified)
      print(fmt::format("  {:<28}not identified by these tables; left at its default\n", name));
  }
  return 0;
}

}  // namespace fieldsim::cli
