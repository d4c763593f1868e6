#include "sim/report/html/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/hardware/account.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report::html {

namespace {

// By category, in the order in which a bar stacks them: neighbours differ in lightness, so that
// they are told apart without their hue. Okabe and Ito's colours and tints of them.
constexpr std::array<const char*, hardware::kCategories> kCategoryColours = {
    "#0072b2", "#56b4e9", "#f0e442", "#000000", "#7a7a7a", "#cfcfcf", "#b9e3d3",
    "#009e73", "#004d38", "#d55e00", "#e69f00", "#8c6d31", "#fbd5b5", "#6a51a3",
    "#c9c2e6", "#cc79a7", "#7d2f5c", "#a6e1fa", "#00334f"};

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

double at(const Json& j, const char* pointer) {
  return j.at(Json::json_pointer(pointer)).get<double>();
}

// "1 rollback", "33 tokens".
std::string counted(const Json& n, const char* what) {
  const auto count = n.get<std::int64_t>();
  return fmt::format("{} {}{}", grouped(count), what, count == 1 ? "" : "s");
}

}  // namespace

std::string number_text(double v) { return fmt::format("{:.4g}", v); }

void summary_section(Page& page, const Json& r) {
  page.section("Summary");
  const auto word = [&](const char* key) { return r.at(key).get<std::string>(); };
  const auto& tokens = r.at("tokens");
  page.text(fmt::format(
      "{} on {}: {} prompt and {} output tokens, batch {}; attention {} with {} anchor tokens; "
      "verification {}; {} fidelity, seed {}.",
      word("model"), word("hardware"), grouped(tokens.at("prompt").get<std::int64_t>()),
      grouped(tokens.at("output").get<std::int64_t>()), tokens.at("batch").get<std::int64_t>(),
      word("attention_kernel"), grouped(tokens.at("anchors").get<std::int64_t>()),
      r.at("verification").at("timing").get<std::string>(), word("fidelity"),
      r.at("seed").get<std::uint64_t>()));
  page.figures({{number_text(at(r, "/throughput/tokens_per_s")), "tokens/s"},
                {duration_text(at(r, "/latency/tpot_s/mean")), "per token, mean"},
                {duration_text(at(r, "/latency/tpot_s/p99")), "per token, p99"},
                {duration_text(at(r, "/latency/ttft_s")), "to the first token"},
                {number_text(at(r, "/energy_j_per_token")), "J per token"},
                {bytes_text(at(r, "/memory/total_bytes")),
                 fmt::format("of {} memory", bytes_text(at(r, "/memory/capacity_bytes")))}});
  const auto& v = r.at("verification");
  if (v.at("checks").get<std::int64_t>() > 0) {
    const auto& undone = r.at("recovery");
    page.text(fmt::format(
        "{} boundaries were committed with {} verdicts, {} of them negative; {} each, a verdict "
        "after {} on average. {:.3g} tokens were unverified at a random instant, {} at most. {} "
        "took "
        "back {}; a token is released {} after it was generated, on average.",
        grouped(v.at("boundaries").get<std::int64_t>()),
        grouped(v.at("checks").get<std::int64_t>()), v.at("failures").get<std::int64_t>(),
        bytes_text(v.at("payload_bytes").get<double>() / v.at("checks").get<double>()),
        duration_text(at(v, "/latency_s")), at(v, "/exposure_tokens"),
        v.at("exposure_tokens_max").get<std::int64_t>(),
        counted(undone.at("rollbacks"), "rollback"),
        counted(undone.at("discarded_tokens"), "token"),
        duration_text(at(r, "/latency/output_commit_s/mean"))));
  }
  if (r.contains("published"))
    for (const Json& figure : r.at("published")) {
      const auto published = number_text(figure.at("published").get<double>());
      const std::string ratio = figure.at("ratio").is_number()
                                    ? number_text(figure.at("ratio").get<double>()) + " times that"
                                    : "without that number";
      page.text(fmt::format("Published for this scenario: {} = {} ({}); the run is {}.",
                            figure.at("path").get<std::string>(), published,
                            figure.at("source").get<std::string>(), ratio));
    }
  for (const Json& w : r.at("warnings")) page.warning(w.get<std::string>());
}

void timeline_section(Page& page, const Timeline& timeline, const Json& result) {
  page.section("Timeline");
  if (timeline.empty()) {
    page.text("There is none: analytic fidelity computes means and runs no events.");
    return;
  }
  Plot plot;
  plot.spec = "timeline";
  plot.timeline = timeline.json();
  plot.caption =
      "Simulated time in ms. Wheel to zoom, drag to move, double click for the whole run; the "
      "buttons "
      "go to a step and to each rollback. A grey span is a commit boundary: the tokens between two "
      "checks. Its dotted arrow leads over the verifier to the verdict (circle: verified, cross: "
      "failed). A failed verdict takes back the dashed spans of the row 'undone'; blue "
      "boundaries, named 'again', were generated a second time.";
  const Json left_out = plot.timeline.at("left_out");
  page.plot(std::move(plot));
  for (const Json& text : left_out)
    page.note("Left out of the timeline: " + text.get<std::string>() + ".");
  const auto& recovery = result.at("recovery");
  if (recovery.at("rollbacks").get<std::int64_t>() > 0)
    page.text(
        fmt::format("{}; {} of each sequence ({:.2f} % of the steps) were "
                    "generated in vain and again.",
                    counted(recovery.at("rollbacks"), "rollback"),
                    counted(recovery.at("discarded_tokens"), "token"),
                    100 * at(recovery, "/discarded_fraction")));
}

void breakdown_section(Page& page, const std::vector<NamedResult>& runs) {
  page.section("Where the time goes");
  Plot plot;
  plot.spec = "breakdown";
  plot.caption =
      "Time per output token on the critical path, ms. What runs beside generation is not in it; "
      "it "
      "comes back as stall (a full window) or rollback.";
  Table table{"per output token, critical path", {"part"}, {}, {}};
  for (const NamedResult& run : runs) {
    table.numeric.push_back(table.head.size());
    table.head.push_back(runs.size() == 1 ? "time" : run.name);
    table.numeric.push_back(table.head.size());
    table.head.emplace_back("share, %");
  }
  Json rows = Json::array(), parts = Json::array(), colours = Json::array();
  for (std::size_t index = 0; index < hardware::kCategories; ++index) {
    const std::string name(hardware::kCategoryNames[index]);
    std::vector<std::string> cells = {name};
    bool any = false;
    for (const NamedResult& run : runs) {
      const Json& spent = run.json->at("time_breakdown_s");
      double total = 0;
      for (const auto& [key, value] : spent.items()) total += value.get<double>();
      const double s = spent.at(name).get<double>();
      const double share = total > 0 ? 100 * s / total : 0.0;
      cells.push_back(duration_text(s));
      cells.push_back(fmt::format("{:.1f}", share));
      if (s <= 0) continue;
      any = true;
      rows.push_back({{"run", run.name}, {"part", name}, {"ms", 1e3 * s}, {"share", share}});
    }
    if (!any) continue;
    parts.push_back(name);
    colours.push_back(kCategoryColours[index]);
    table.rows.push_back(std::move(cells));
  }
  plot.datasets["breakdown"] = rows;
  plot.words["parts"] = parts;
  plot.words["colours"] = colours;
  page.plot(std::move(plot));
  page.table(table);
}

void resources_section(Page& page, const Json& result) {
  page.section("Resources while decoding");
  Plot plot;
  plot.spec = "resources";
  plot.caption =
      "Share of the time in which a resource has at least one user, %. Orange: what most of the "
      "critical path waits for. In use is not saturated: the rates are in the table.";
  Json rows = Json::array();
  Table table{"", {"resource", "in use, %", "busy", "moved", "bounds the run"}, {}, {1, 2, 3}};
  for (const auto& [name, u] : result.at("resources").items()) {
    const double percent = 100 * u.at("utilization").get<double>();
    const double bytes = u.at("bytes").get<double>();
    const bool bound = u.at("bound").get<bool>();
    const std::string moved = bytes > 0 ? bytes_text(bytes) : "";
    table.rows.push_back({name, fmt::format("{:.2f}", percent),
                          duration_text(u.at("busy_s").get<double>()), moved, bound ? "yes" : ""});
    rows.push_back(
        {{"resource", name},
         {"percent", percent},
         {"moved", moved},
         {"bound", bound},
         {"label", fmt::format("{:.1f} %{}", percent, bound ? ", bounds the run" : "")}});
  }
  plot.datasets["resources"] = rows;
  page.plot(std::move(plot));
  page.table(table);
}

void memory_section(Page& page, const std::vector<NamedResult>& runs) {
  page.section("Device memory");
  Plot plot;
  plot.spec = "memory";
  plot.caption = "GiB of device memory at the end of the run; the orange mark is the capacity.";
  Json rows = Json::array(), capacity = Json::array();
  Table table{"",
              {"", "weights", "KV cache", "of it unverified, at most", "anchors", "workspace",
               "all", "capacity", "fits"},
              {},
              {1, 2, 3, 4, 5, 6, 7}};
  for (const NamedResult& run : runs) {
    const Json& m = run.json->at("memory");
    const auto bytes = [&](const char* key) { return m.at(key).get<double>(); };
    for (const auto& [part, key] : {std::pair{"weights", "weights_bytes"},
                                    {"KV cache", "kv_bytes"},
                                    {"anchors", "anchor_bytes"},
                                    {"workspace", "workspace_bytes"}})
      rows.push_back({{"run", run.name}, {"part", part}, {"gib", bytes(key) / kGiB}});
    capacity.push_back({{"run", run.name}, {"gib", bytes("capacity_bytes") / kGiB}});
    std::vector<std::string> cells = {run.name};
    for (const char* key : {"weights_bytes", "kv_bytes", "retained_bytes", "anchor_bytes",
                            "workspace_bytes", "total_bytes", "capacity_bytes"})
      cells.push_back(bytes_text(bytes(key)));
    cells.emplace_back(m.at("fits").get<bool>() ? "yes" : "NO");
    table.rows.push_back(std::move(cells));
  }
  plot.datasets["memory"] = rows;
  plot.datasets["capacity"] = capacity;
  page.plot(std::move(plot));
  page.table(table);
}

void assumptions_section(Page& page, const config::Provenance& provenance) {
  using config::SourceKind;
  page.section("Assumptions and sources");
  page.text(
      "Every number of the machine with where it comes from. Measured: somebody ran it. Datasheet: "
      "the "
      "maker's document; a peak is not a rate. Fitted: a parameter of this model, fitted to "
      "measurements. Assumed: nobody's measurement; vary it before relying on it.");
  for (const SourceKind kind :
       {SourceKind::assumed, SourceKind::fitted, SourceKind::measured, SourceKind::datasheet}) {
    Table table{"", {"number", "value", "kind", "source", "uncertainty, note"}, {}, {}};
    for (const config::Origin& o : provenance.all()) {
      if (o.source.kind != kind) continue;
      std::string note = o.uncertainty.empty() ? "" : "+- " + o.uncertainty;
      for (const std::string& more : {o.rows, o.note})
        if (!more.empty()) note += (note.empty() ? "" : "; ") + more;
      table.rows.push_back(
          {o.path, o.text, std::string(config::to_string(kind)), o.source.reference, note});
    }
    if (table.rows.empty()) continue;
    table.caption = fmt::format("{} {}", table.rows.size(), config::to_string(kind));
    page.table(table);
  }
  Table given{"the scenario's own choices", {"key", "value", ""}, {}, {}};
  for (const config::Origin& o : provenance.all())
    if (o.source.kind == SourceKind::none && !o.path.starts_with("hardware."))
      given.rows.push_back({o.path, o.text, o.given ? "given" : "default"});
  if (given.rows.empty()) return;
  page.subsection("Scenario as it was run");
  page.table(given);
}

}  // namespace fieldsim::report::html
