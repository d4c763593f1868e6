#include "sim/report/explain_tile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/hardware/gpu/tile/pipeline.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

using attention::tile::Breakdown;
using attention::tile::Demand;
using system::OperatorTime;
using system::StepTime;

namespace {

constexpr double kMicro = 1e-6;
constexpr std::int64_t kDrawnSms = 8;

struct Part {
  const char* key;
  double Breakdown::*value;
};
constexpr Part kParts[] = {
    {"launch", &Breakdown::launch},   {"kv_write", &Breakdown::kv_write},
    {"ends", &Breakdown::prologue},   {"tiles", &Breakdown::tiles},
    {"memory", &Breakdown::memory},   {"tail", &Breakdown::tail},
    {"combine", &Breakdown::combine}, {"scheduling", &Breakdown::scheduling},
    {"copies", &Breakdown::copies},
};
struct Resource {
  const char* key;
  double Demand::*value;
};
constexpr Resource kResources[] = {
    {"dram", &Demand::dram},
    {"l2", &Demand::l2},
    {"matrix", &Demand::matrix},
    {"softmax", &Demand::softmax},
    {"shared", &Demand::shared_memory},
};

std::string cell(double us, double total) {
  if (us <= 0) return fmt::format("{:>11}", ".");
  if (us < 0.005 * total) return fmt::format("{:>11}", "<0.5 %");
  return fmt::format("{:>9.1f} %", 100 * us / total);
}

std::string step_text(const StepTime& step) {
  const double all = step.total.total();
  std::string out =
      fmt::format("  {}: {} on the device\n\n", step.name, duration_text(all * kMicro));
  out += fmt::format("    {:<20}{:>6}{:>10}{:>8}", "operator", "times", "time", "share");
  for (const Part& p : kParts) out += fmt::format("{:>11}", p.key);
  out += "\n";
  const auto line = [&](const std::string& name, const std::string& times, const Breakdown& b) {
    out += fmt::format("    {:<20}{:>6}{:>10}{:>6.1f} %", name, times,
                       duration_text(b.total() * kMicro), 100 * b.total() / all);
    for (const Part& p : kParts) out += cell(b.*p.value, b.total());
    out += "\n";
  };
  for (const OperatorTime& op : step.operators) line(op.name, std::to_string(op.count), op.time);
  line("all", "", step.total);

  out +=
      "\n    what each resource would need alone, as a share of the operator's time "
      "(they overlap; the largest bounds it)\n";
  out += fmt::format("    {:<20}", "operator");
  for (const Resource& r : kResources) out += fmt::format("{:>11}", r.key);
  out += "  tiling\n";
  for (const OperatorTime& op : step.operators) {
    out += fmt::format("    {:<20}", op.name);
    for (const Resource& r : kResources) out += cell(op.demand.*r.value, op.time.total());
    out += op.tiling.empty() ? "\n" : "  " + op.tiling + "\n";
  }
  return out + "\n";
}

nlohmann::ordered_json step_json(const StepTime& step) {
  nlohmann::ordered_json j = {{"name", step.name}, {"time_s", step.total.total() * kMicro}};
  const auto parts = [](const Breakdown& b) {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (const Part& p : kParts) out[p.key] = b.*p.value * kMicro;
    return out;
  };
  j["parts_s"] = parts(step.total);
  j["operators"] = nlohmann::ordered_json::array();
  for (const OperatorTime& op : step.operators) {
    nlohmann::ordered_json o = {
        {"name", op.name},           {"count", op.count},
        {"tiling", op.tiling},       {"time_s", op.time.total() * kMicro},
        {"parts_s", parts(op.time)}, {"needs_s", nlohmann::ordered_json::object()}};
    for (const Resource& r : kResources) o["needs_s"][r.key] = op.demand.*r.value * kMicro;
    j["operators"].push_back(std::move(o));
  }
  return j;
}

Time at(double us) { return Time::at(hardware::tile::duration_of(us)); }

// CTAs of the first SMs, each in a row of its own among those resident with it.
void draw_sms(const std::string& kernel, const hardware::tile::Launch& launch,
              des::TraceSink& trace) {
  std::vector<hardware::tile::CtaTrace> ctas;
  makespan_by_events(launch.grid, launch.cost, launch.slots, &ctas);
  std::vector<std::vector<double>> busy(kDrawnSms);
  for (std::size_t i = 0; i < ctas.size(); ++i) {
    const auto& cta = ctas[i];
    if (cta.sm >= kDrawnSms || cta.ends.empty()) continue;
    auto& rows = busy[static_cast<std::size_t>(cta.sm)];
    constexpr double kTouching = 1e-6;  // us: one ends as the next starts
    auto row = std::find_if(rows.begin(), rows.end(),
                            [&](double until) { return until <= cta.start + kTouching; });
    if (row == rows.end()) row = rows.insert(rows.end(), 0.0);
    *row = cta.ends.back();
    const auto track = trace.track(kernel + ": CTAs on SMs",
                                   fmt::format("SM {} slot {}", cta.sm, row - rows.begin()));
    trace.span(track, fmt::format("CTA {}, {} tiles", i, cta.ends.size() - 1), at(cta.start),
               at(cta.ends.back()));
  }
}

}  // namespace

std::string tile_text(const system::LoadedScenario& loaded, const system::TileExplanation& e) {
  const auto& s = loaded.scenario;
  std::string out =
      fmt::format("{}\n{} on {} - batch {} - where an SM's time goes, tile fidelity\n\n", s.name,
                  s.model.name, s.hardware.name, s.workload.batch);
  out += step_text(e.decode) + step_text(e.prefill);
  out +=
      "  launch: launch floor and first loads; kv_write: new K and V into the cache; ends: "
      "prologue "
      "and epilogue;\n  tiles: matrix, softmax and shared-memory work of tiles; memory: waiting "
      "for "
      "DRAM or L2 beyond that;\n  tail: SMs without work in the last wave; combine: merge of split "
      "KV or split-K\n";
  return out;
}

nlohmann::ordered_json tile_json(const system::LoadedScenario& loaded,
                                 const system::TileExplanation& e) {
  return {{"scenario", loaded.scenario.name},
          {"fidelity", "tile"},
          {"decode", step_json(e.decode)},
          {"prefill", step_json(e.prefill)}};
}

void draw_tiles(const system::TileExplanation& e, des::TraceSink& trace, double most_tiles) {
  for (const auto& k : e.decode.attention) {
    if (k.launch.grid.runs.empty()) continue;
    const std::string name = k.name;
    for (const auto& span : pipeline_of_cta(k.launch, k.launch.grid.longest(), k.stages))
      trace.span(trace.track(name + ": one CTA", span.lane), span.name, at(span.start),
                 at(span.end));
    if (k.launch.grid.steps() <= most_tiles) draw_sms(name, k.launch, trace);
  }
}

}  // namespace fieldsim::report
