// The accuracy study behind docs/accuracy.md, as JSON on stdout; development only, not shipped.
//   fidelity_accuracy report [PART]     cross-validation, transfer, designed calibration, bands
//   fidelity_accuracy report transfer   the same without cross-validation and design
//   fidelity_accuracy fit FOLDER        fitted parameters as YAML, one file per part
//   fidelity_accuracy self              the table of tests/unit/fidelity/self_test.cpp
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/system/calibrate/host.hpp"
#include "sim/system/calibrate/plan.hpp"
#include "sim/system/calibrate/uncertainty.hpp"
#include "sim/system/calibrate/validate.hpp"
#include "sim/system/calibrate/yaml.hpp"
#include "validation/gates/compose.hpp"
#include "validation/gates/self.hpp"
#include "validation/gates/tables.hpp"

namespace {

using namespace fieldsim;
using namespace fieldsim::calibrate;
using fieldsim::gates::Part;
using nlohmann::ordered_json;

const std::vector<std::pair<Operation, const char*>> kTables = {
    {Operation::decode, "generation_attention"},
    {Operation::prefill, "context_attention"},
    {Operation::gemm, "gemm_bf16"},
    {Operation::quantize, "quantize_scale_matrix"},
    {Operation::scale, "quantize_computescale"}};

ordered_json json_of(const Score& s) {
  return {{"n", s.n}, {"mape", s.mape}, {"median", s.median}, {"p90", s.p90}, {"bias", s.bias}};
}

Score errors_of(const std::vector<PreparedRow>& rows, const hardware::tile::GpuShape& gpu,
                const hardware::tile::TileParams& p) {
  std::vector<double> e;
  for (const PreparedRow& r : rows) e.push_back(predict(r, gpu, p).us / r.row.measured_us - 1);
  return score(e);
}

// A start that knows nothing of this part: every default off by 0.7 of its prior spread,
// alternately.
hardware::tile::TileParams ignorant(const hardware::tile::GpuShape& gpu, Operation op) {
  auto p = hardware::tile::default_params(gpu);
  double sign = 1;
  for (const auto& q : hardware::tile::parameters(op, gpu.family)) {
    q.in(p) = std::clamp(q.in(p)*std::exp(0.7 * sign * q.prior_sd), q.lower, q.upper);
    sign = -sign;
  }
  return p;
}

ordered_json cross(const std::vector<Row>& rows, Operation op, const Part& part) {
  FitOptions o;
  o.max_rows = 2500;
  ordered_json out;
  for (const Fold fold : {Fold::layout, Fold::length}) {
    const auto c = cross_validate(rows, op, part.gpu, fold, o);
    ordered_json j = {{"model", json_of(c.model)},
                      {"roofline", json_of(c.roofline)},
                      {"analytic", json_of(c.analytic)},
                      {"regimes", ordered_json::object()}};
    for (const auto& [k, s] : c.strata) j["regimes"][k] = json_of(s);
    out[name(fold)] = j;
  }
  return out;
}

ordered_json designed(const std::vector<PreparedRow>& rows, Operation op,
                      const hardware::tile::GpuShape& gpu) {
  std::vector<Row> shapes;
  for (const PreparedRow& r : rows) shapes.push_back(r.row);
  const auto start = ignorant(gpu, op);
  ordered_json out;
  out["before"] = json_of(errors_of(rows, gpu, start));
  for (const std::size_t n : {10UL, 16UL, 24UL}) {
    const auto chosen = plan(n, op, shapes, gpu, start);
    std::vector<PreparedRow> train, rest;
    std::vector<bool> in(rows.size(), false);
    for (const std::size_t i : chosen) train.push_back(rows[i]), in[i] = true;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!in[i]) rest.push_back(rows[i]);
    out[std::to_string(n)] = json_of(errors_of(rest, gpu, fit(train, gpu, start).params));
  }
  return out;
}

// Another part's fitted numbers carried over: times of SM work by clock, matrix work by rate.
hardware::tile::TileParams transferred(const hardware::tile::TileParams& from,
                                       const hardware::tile::GpuShape& a,
                                       const hardware::tile::GpuShape& b) {
  auto p = from;
  if (a.family == hardware::tile::Family::ampere && b.family != a.family)
    // Ampere has neither wide tiles nor 8-bit ones: a wide tile is two narrow ones, a tile of half
    // the bytes takes as long.
    for (auto* q : {&p.decode, &p.prefill}) {
      q->prologue_wide_us = q->prologue_us;
      q->tile_fp8_us = q->tile_us;
      q->tile_wide_us = q->tile_wide_fp8_us = 2 * q->tile_us;
    }
  // A prologue is latency, which residents go through together; Ampere's kernels have two on an SM.
  const double residents = a.family == b.family                         ? 1
                           : a.family == hardware::tile::Family::ampere ? 2
                                                                        : 0.5;
  for (auto* q : {&p.decode, &p.prefill}) q->prologue_us *= residents;
  const double clock = a.clock / b.clock;
  const double matrix =
      clock * 0.5 * (1 + (a.matrix / a.sms / a.clock) / (b.matrix / b.sms / b.clock));
  for (auto* q : {&p.decode, &p.prefill}) {
    for (double* t : {&q->prologue_us, &q->prologue_wide_us, &q->write_warp_us, &q->request_us})
      *t *= clock;
    for (double* t : {&q->tile_us, &q->tile_fp8_us, &q->tile_wide_us, &q->tile_wide_fp8_us})
      *t *= matrix;
  }
  p.gemm.step_us *= clock, p.gemm.epilogue_us *= clock;
  return p;
}

// Rows in the bandwidth-bound regime.
Score bandwidth_bound(const Validation& v, const std::vector<Row>& rows) {
  std::vector<double> errors;
  for (const RowResult& r : v.by_row)
    if (r.regime == Regime::bandwidth_bound)
      errors.push_back(r.predicted_us / rows[r.row].measured_us - 1);
  return score(errors);
}

int report(const std::string& only) {
  ordered_json out;
  std::map<std::string, hardware::tile::TileParams> fitted;
  std::map<std::string, hardware::tile::GpuShape> shapes;
  for (const Part& part : gates::parts()) shapes[part.name] = hardware::tile::shape_of(part.gpu);
  for (const Part& part : gates::parts()) {
    const bool quick = only == "transfer";
    if (!only.empty() && !quick && part.name != only) continue;
    const auto& gpu = shapes[part.name];
    ordered_json& j = out["parts"][part.name];
    auto params = hardware::tile::default_params(gpu);
    for (const auto& [op, table] : kTables) {
      const Filtered filtered = physics_filter(gates::rows_of(part, table), part.gpu);
      if (filtered.rows.empty()) continue;
      const auto rows = prepare(filtered.rows, gpu);
      ordered_json& o = j[hardware::tile::name(op)];
      o["rejected"] = filtered.rejected;
      const Fitted f = fit(rows, gpu, params);
      params = f.params;
      for (const auto& v : f.values)
        o["parameters"][v.parameter.name] = {{"value", v.value},
                                             {"unit", v.parameter.unit},
                                             {"uncertainty", v.uncertainty},
                                             {"rows", v.rows}};
      o["unidentified"] = f.unidentified;
      o["fitted"] = json_of(errors_of(rows, gpu, f.params));
      if (!quick) o["cross"] = cross(filtered.rows, op, part);
      if (!quick && op != Operation::scale) o["designed"] = designed(rows, op, gpu);
      // From the datasheet alone: other parts' defaults off by their priors, and the band around
      // them.
      const auto v = validate(filtered.rows, part.gpu, ignorant(gpu, op), Basis::family);
      o["datasheet"] = json_of(v.overall);
      o["datasheet"]["covered"] = v.covered;
      o["datasheet"]["bandwidth_bound"] = json_of(bandwidth_bound(v, filtered.rows));
      o["band"] = validate(filtered.rows, part.gpu, f.params, Basis::part).covered;
      if (op == Operation::decode || op == Operation::prefill || op == Operation::gemm)
        for (std::size_t i = 0; i < rows.size(); i += rows.size() / 600 + 1)
          o["scatter"].push_back({rows[i].row.measured_us, predict(rows[i], gpu, f.params).us});
      std::fprintf(stderr, "%s %s done\n", part.name.c_str(), table);
    }
    fitted[part.name] = params;
  }
  if (!only.empty() && only != "transfer") {
    std::fputs((out.dump(1) + "\n").c_str(), stdout);
    return 0;
  }
  for (const Part& from : gates::parts())
    for (const Part& to : gates::parts()) {
      if (from.name == to.name) continue;
      const auto p = transferred(fitted[from.name], shapes[from.name], shapes[to.name]);
      for (const auto& [op, table] : kTables) {
        const auto rows = gates::rows_of(to, table);
        if (rows.empty()) continue;
        if (op == Operation::quantize || op == Operation::scale)
          if (gates::rows_of(from, table).empty()) continue;  // nothing was fitted there
        const bool same = shapes[from.name].family == shapes[to.name].family;
        const auto v = validate(rows, to.gpu, p, same ? Basis::family : Basis::generation);
        ordered_json j = json_of(v.overall);
        j["covered"] = v.covered;
        j["bandwidth_bound"] = json_of(bandwidth_bound(v, rows));
        out["transfer"][from.name + " -> " + to.name][hardware::tile::name(op)] = j;
      }
    }
  const auto host = fit_host(
      read_host_table(gates::data_folder() + "/host/vidur_a100_serving_host_overheads_ms.csv"));
  for (const auto& [component, cost] : host.costs)
    out["host"][component] = {{"fixed_us", cost.fixed_us},
                              {"request_us", cost.request_us},
                              {"held_out", json_of(host.held_out.at(component))}};
  out["end_to_end"] = gates::end_to_end(fitted);
  std::fputs((out.dump(1) + "\n").c_str(), stdout);
  return 0;
}

int write_fits(const std::string& folder) {
  for (const Part& part : gates::parts()) {
    const auto gpu = hardware::tile::shape_of(part.gpu);
    const Filtered filtered = physics_filter(gates::rows_of(part), part.gpu);
    FitOptions o;
    o.max_rows = 20000;
    const Fitted f = fit(prepare(filtered.rows, gpu), gpu, hardware::tile::default_params(gpu), o);
    std::ofstream(folder + "/" + part.name + ".yaml")
        << "# Written by fidelity_accuracy fit; " << filtered.rejected
        << " rows above the part's peak were rejected.\n"
        << to_yaml(f, gpu, "aiconfigurator tables " + part.prefix);
    std::fprintf(stderr, "%s\n", part.name.c_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "self") {
    std::fputs(gates::self_table().c_str(), stdout);
    return 0;
  }
  if (gates::data_folder().empty()) {
    std::fputs("the measured tables are not here: set FIELDSIM_DATA\n", stderr);
    return 2;
  }
  if (what == "fit" && argc > 2) return write_fits(argv[2]);
  if (what == "report") return report(argc > 2 ? argv[2] : "");
  std::fputs("usage: fidelity_accuracy report [PART|transfer] | fit FOLDER | self\n", stderr);
  return 2;
}
