// Operators under the ceilings of their device (Williams, Waterman, Patterson, CACM 2009).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/hardware/gpu/device.hpp"
#include "sim/report/html/sections.hpp"
#include "sim/report/summary.hpp"
#include "sim/system/operators.hpp"

namespace fieldsim::report::html {

namespace {

constexpr double kTera = 1e12, kGiga = 1e9;

double real(auto quantity) { return static_cast<double>(quantity.count()); }

// The bent line min(intensity * bytes/s, FLOP/s) from `low` to `high` FLOP per byte.
void ceiling(Json& rows, const std::string& name, double bytes_per_s, double flops_per_s,
             double low, double high) {
  const double ridge = std::clamp(flops_per_s / bytes_per_s, low, high);
  for (const double x : {low, ridge, high})
    rows.push_back({{"ceiling", name},
                    {"intensity", x},
                    {"tflops", std::min(x * bytes_per_s, flops_per_s) / kTera}});
}

// One label for points that lie on top of each other: the two that take longest, and how many more.
void label(Json& points) {
  constexpr double kLabelled = 3;               // % of the phase
  constexpr double kWide = 0.45, kHigh = 0.16;  // decades that a label covers
  std::vector<Json*> by_share;
  for (Json& p : points)
    if (p.at("share").get<double>() >= kLabelled) by_share.push_back(&p);
  std::ranges::stable_sort(by_share, [](const Json* a, const Json* b) {
    return a->at("share").get<double>() > b->at("share").get<double>();
  });
  struct Cluster {
    Json* head;
    std::vector<std::string> names;
  };
  std::vector<Cluster> clusters;
  const auto apart = [](const Json& a, const Json& b, const char* key) {
    return std::fabs(std::log10(a.at(key).get<double>() / b.at(key).get<double>()));
  };
  for (Json* p : by_share) {
    const auto near = std::ranges::find_if(clusters, [&](const Cluster& c) {
      return apart(*c.head, *p, "intensity") < kWide && apart(*c.head, *p, "tflops") < kHigh;
    });
    if (near == clusters.end())
      clusters.push_back({p, {p->at("name").get<std::string>()}});
    else
      near->names.push_back(p->at("name").get<std::string>());
  }
  for (const Cluster& c : clusters) {
    std::string text = c.names.front();
    if (c.names.size() > 1) text += ", " + c.names[1];
    if (c.names.size() > 2) text += fmt::format(" + {}", c.names.size() - 2);
    (*c.head)["label"] = text;
  }
}

}  // namespace

void roofline_section(Page& page, const system::Scenario& s) {
  page.section("Roofline");
  const std::vector<system::OperatorUse> all = system::operators(s);
  if (all.empty()) {
    page.text("The scenario pins prefill and decode step, so there are no operators to show.");
    return;
  }
  const auto& gpu = s.hardware.gpu;
  std::map<std::string, double> whole;
  for (const auto& u : all) whole[u.phase] += seconds(u.time);

  Table table{
      "per decode step (mean of the run) and for the whole prefill; alone on the device, "
      "without gaps between kernels",
      {"phase", "operator", "launches", "moved", "GFLOP", "time", "share, %", "FLOP/byte",
       "TFLOP/s", "GB/s"},
      {},
      {2, 3, 4, 5, 6, 7, 8, 9}};
  Json points = Json::array();
  double low = 0.1, high = 1000, least = 1, most = 1;
  for (const auto& u : all) {
    const double t = seconds(u.time), bytes = real(u.hbm), flops = real(u.flops);
    const double share = whole[u.phase] > 0 ? 100 * t / whole[u.phase] : 0;
    const bool on_roof = t > 0 && bytes > 0 && flops > 0;
    const double intensity = on_roof ? flops / bytes : 0;
    const auto rate = [&](double v, double unit) {
      return t > 0 && v > 0 ? number_text(v / t / unit) : std::string("-");
    };
    table.rows.push_back({u.phase, u.name, grouped(u.launches), bytes_text(bytes),
                          number_text(flops / kGiga), duration_text(t),
                          fmt::format("{:.1f}", share), on_roof ? number_text(intensity) : "-",
                          rate(flops, kTera), rate(bytes, kGiga)});
    if (!on_roof) continue;
    const double tflops = flops / t / kTera;
    least = points.empty() ? tflops : std::min(least, tflops);
    low = std::min(low, intensity);
    high = std::max(high, intensity);
    points.push_back({{"name", u.name},
                      {"phase", u.phase},
                      {"category", u.category},
                      {"intensity", intensity},
                      {"tflops", tflops},
                      {"gbs", bytes / t / kGiga},
                      {"share", share}});
  }
  low = std::pow(10, std::floor(std::log10(low)));
  high = std::pow(10, std::ceil(std::log10(high)));
  const double peak = real(gpu.hbm.bandwidth),
               reached = real(hardware::gpu::effective_bandwidth(gpu.hbm));
  const double fp16 = real(gpu.compute.fp16), fp32 = real(gpu.compute.fp32);
  most = fp16 / kTera * 1.5;
  Plot plot;
  plot.spec = "roofline";
  plot.caption =
      "Achieved TFLOP/s against FLOP per byte of device memory, both logarithmic; circles are "
      "operators "
      "of a decode step, triangles of the prefill; names where an operator takes 3 % of its phase "
      "or "
      "more. Under the slanted part memory is the limit, under the flat part arithmetic.";
  Json roofs = Json::array();
  ceiling(
      roofs,
      fmt::format("datasheet: {:.4g} GB/s, {:.4g} TFLOP/s matrix FP16", peak / kGiga, fp16 / kTera),
      peak, fp16, low, high);
  ceiling(roofs,
          fmt::format("reached: {:.4g} GB/s, {:.4g} TFLOP/s matrix FP16", reached / kGiga,
                      fp16 * gpu.compute.achieved / kTera),
          reached, fp16 * gpu.compute.achieved, low, high);
  ceiling(roofs, fmt::format("vector FP32: {:.4g} TFLOP/s", fp32 / kTera), reached, fp32, low,
          high);
  label(points);
  plot.datasets["operators"] = points;
  plot.datasets["ceilings"] = roofs;
  plot.words = {{"intensities", {low, high}},
                {"rates", {std::min(least, low * reached / kTera) / 2, most}}};
  page.plot(std::move(plot));
  page.table(table);
}

}  // namespace fieldsim::report::html
