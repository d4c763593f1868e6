#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/config/document.hpp"
#include "sim/report/html/validation_report.hpp"
#include "sim/system/calibrate/fit.hpp"
#include "sim/system/calibrate/plan.hpp"
#include "sim/system/calibrate/points.hpp"
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

auto load_part(const Options& o) {
  const config::Catalogue catalogue;
  if (o.hardware.empty())
    throw ConfigError({}, "--hardware", "is needed: the part that the tables were measured on");
  return config::load(system::hardware_schema(), catalogue.find("hardware", o.hardware, {}),
                      catalogue, "hardware", o.assignments);
}

hardware::HardwareParams load_hardware(const Options& o) { return load_part(o).value; }

cal::Table read_tables(const std::vector<std::string>& files) {
  cal::Table all;
  std::vector<Problem> problems;
  for (const std::string& file : files) {
    try {
      const cal::Table table = cal::read_table(file);
      all.rows.insert(all.rows.end(), table.rows.begin(), table.rows.end());
      all.points.insert(all.points.end(), table.points.begin(), table.points.end());
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  if (!problems.empty()) throw ConfigError(problems);
  return all;
}

std::string score_line(const std::string& name, const cal::Score& s) {
  return fmt::format("  {:<44}{:>7}{:>8.2f}{:>8.2f}{:>8.2f}{:>+8.2f}\n", name, s.n, 100 * s.mape,
                     100 * s.median, 100 * s.p90, 100 * s.bias);
}

std::string calibration_text(const cal::Fitted& fitted, const cal::PointFit& points,
                             std::size_t rejected) {
  std::string out;
  if (fitted.rows > 0)
    out += fmt::format("{} rows fitted, residual {:.1f} %\n", fitted.rows, 100 * fitted.residual);
  out += fmt::format("{} rows or points above the part's peak rejected\n", rejected);
  for (const cal::FittedValue& value : fitted.values)
    out += fmt::format("  {:<28}{:>12.5g} {:<6} +- {:.2g}  ({} rows)\n", value.parameter.name,
                       value.value, value.parameter.unit, value.uncertainty, value.rows);
  for (const cal::FittedPoint& v : points.values)
    out += fmt::format("  {:<28}{:>12.5g} {:<6} +- {:.2g}  ({} points: {})\n",
                       v.section + "." + v.key, v.value, v.unit, v.uncertainty, v.points, v.what);
  for (const std::string& name : fitted.unidentified)
    out += fmt::format("  {:<28}not identified by these tables; left at its default\n", name);
  for (const std::string& name : points.unidentified)
    out += fmt::format("  not identified: {}\n", name);
  for (const std::string& name : points.unused)
    out += fmt::format("  not used: {} is no parameter of a hardware file\n", name);
  return out;
}

int plan(const Options& o) {
  const hardware::HardwareParams hw = load_hardware(o);
  const auto shape = hardware::tile::shape_of(hw.gpu);
  const auto at = system::tile_params(hw.gpu);
  const std::vector<cal::Row> shapes = read_tables(o.shapes).rows;
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
  for (const std::string& path : {o.json, o.report}) require_writable(path);
  const auto part = load_part(o);
  const hardware::HardwareParams& hw = part.value;
  const cal::Filtered filtered = cal::physics_filter(read_tables(o.files).rows, hw.gpu);
  cal::Validation v = cal::validate(filtered.rows, hw.gpu, system::tile_params(hw.gpu),
                                    cal::basis_of(hardware::tile::family_of(hw.gpu.architecture),
                                                  system::has_tile_params(hw.gpu)));
  v.rejected = filtered.rejected;
  if (!o.json.empty()) write_output(o.json, cal::to_json(v, filtered.rows, o.rows) + "\n");
  if (!o.report.empty())
    write_report(o.report,
                 report::html::validation_page(hw.name, v, filtered.rows, part.provenance),
                 o.quiet);
  if (o.json != "-" && o.report != "-" && !o.quiet) {
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
  const cal::Table measured = read_tables(o.files);
  const cal::PointFit points = cal::fit_points(measured.points, hw);
  const cal::Filtered filtered = cal::physics_filter(measured.rows, hw.gpu);
  if (filtered.rows.empty() && points.values.empty())
    throw ConfigError({}, "", "the tables hold nothing that a parameter could be fitted to");
  std::string tables;
  for (const std::string& f : o.files) {
    const auto slash = f.find_last_of('/');
    tables += (tables.empty() ? "" : ", ") + (slash == std::string::npos ? f : f.substr(slash + 1));
  }
  cal::Fitted fitted;
  std::string gpu = cal::to_yaml(points, "gpu", tables);
  const std::string link = cal::to_yaml(points, "link", tables);
  if (!filtered.rows.empty()) {
    const auto shape = hardware::tile::shape_of(hw.gpu);
    fitted =
        cal::fit(cal::prepare(filtered.rows, shape), shape, hardware::tile::default_params(shape));
    gpu += cal::tile_yaml(fitted, shape, tables);
  }
  const std::size_t rejected = filtered.rejected + points.rejected;
  write_output(o.output,
               fmt::format("# Written by fieldsim calibrate: {} rows and {} parameters' points "
                           "fitted, {} above the part's peak rejected.\nextends: {}\n",
                           fitted.rows, points.values.size(), rejected, o.hardware) +
                   (gpu.empty() ? "" : "gpu:\n" + gpu) + (link.empty() ? "" : "link:\n" + link));
  if (!o.quiet) print(calibration_text(fitted, points, rejected));
  return 0;
}

}  // namespace fieldsim::cli
