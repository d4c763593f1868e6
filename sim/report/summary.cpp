#include "sim/report/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/report/agents.hpp"
#include "sim/report/json.hpp"
#include "sim/report/names.hpp"
#include "sim/report/published.hpp"
#include "sim/report/requests.hpp"
#include "sim/report/scheme.hpp"

namespace fieldsim::report {

using hardware::Category;
using system::Result;
using system::Scenario;

namespace {

constexpr int kBar = 32;         // characters of a full bar
constexpr double kShown = 5e-4;  // shares below this are not drawn

double share(Duration part, Duration whole) {
  return whole.count() == 0 ? 0.0 : seconds(part) / seconds(whole);
}

std::string bar(double part) {
  // Eighths of a character.
  const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int units = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * kBar * 8));
  std::string s;
  for (int i = 0; i < units / 8; ++i) s += "█";
  return s + eighths[units % 8];
}

void heading(std::string& out, const Scenario& s, const Result& r) {
  out += s.name + "\n";
  out += fmt::format("{} on {} - {} prompt + {} output tokens, batch {} - attention {}",
                     s.model.name, s.hardware.name, grouped(s.workload.prompt_tokens),
                     grouped(r.tokens), r.batch, attention::to_string(s.attention.kernel));
  if (s.attention.kernel != attention::KernelKind::none)
    out += fmt::format(" with {} anchor tokens", s.attention.anchor_tokens);
  out += fmt::format(" - verification {} - {} fidelity\n\n", name_of(s.verification.timing),
                     name_of(s.fidelity));
}

void rates(std::string& out, const Result& r) {
  out += fmt::format("  {:<18}{:.4g} tokens/s", "throughput", r.tokens_per_s);
  if (r.drain > Duration::zero())
    out += fmt::format("   ({:.4g} counted to the last verdict)", r.committed_tokens_per_s);
  out += '\n';
  out += fmt::format("  {:<18}{}   (prefill {})\n", "first token", duration_text(seconds(r.ttft)),
                     duration_text(seconds(r.prefill.time)));
  out += fmt::format("  {:<18}{} mean, p50 {}, p90 {}, p99 {}\n", "time per token",
                     duration_text(r.tpot.mean), duration_text(r.tpot.p50),
                     duration_text(r.tpot.p90), duration_text(r.tpot.p99));
  if (r.recovery.escaped_tokens > 0)
    out += fmt::format("  {:<18}{:.4g} tokens/s   without the {} bad tokens that were kept\n",
                       "goodput", r.goodput, grouped(r.recovery.escaped_tokens));
  if (r.recovery.output_commit.max > 0) {
    const auto& c = r.recovery.output_commit;
    out +=
        fmt::format("  {:<18}{} mean, p50 {}, p99 {} from generated to released\n", "output commit",
                    duration_text(c.mean), duration_text(c.p50), duration_text(c.p99));
  }
  out += fmt::format("  {:<18}{:.3g} J per token (linear power model, assumed)\n\n", "energy",
                     r.energy_j_per_token);
}

void breakdown(std::string& out, const Result& r) {
  out += "  time per output token, critical path\n";
  const Duration whole = r.breakdown.total();
  for (std::size_t i = 0; i < hardware::kCategories; ++i) {
    const Duration d = r.breakdown[static_cast<Category>(i)];
    if (share(d, whole) < kShown) continue;
    out += fmt::format(
        "    {:<12}{:>10}  {:5.1f} %  {}\n", hardware::kCategoryNames[i],
        duration_text(seconds(d) / static_cast<double>(std::max<std::int64_t>(1, r.tokens))),
        100 * share(d, whole), bar(share(d, whole)));
  }
  out += '\n';
}

void resources(std::string& out, const Scenario& s, const Result& r) {
  const double elapsed = seconds(r.decode + r.drain);
  const std::map<std::string, double> peak = {
      {"hbm", static_cast<double>(s.hardware.gpu.hbm.bandwidth.count())},
      {"host.memory", static_cast<double>(s.hardware.host.memory_bandwidth.count())}};
  out += "  resources while decoding    in use     moved       rate\n";
  for (const system::ResourceUse& u : r.resources) {
    if (u.busy == Duration::zero()) continue;
    out += fmt::format("    {:<22}{:>7.1f} %", u.name, 100 * u.utilization);
    if (u.bytes > Bytes::zero() && elapsed > 0) {
      const double rate = static_cast<double>(u.bytes.count()) / elapsed;
      out += fmt::format("  {:>9}  {:>7.4g} GB/s", bytes_text(static_cast<double>(u.bytes.count())),
                         rate / 1e9);
      if (const auto p = peak.find(u.name); p != peak.end())
        out += fmt::format(", {:.1f} % of peak", 100 * rate / p->second);
    }
    out += u.bound ? "  <- bounds the run\n" : "\n";
  }
  out += '\n';
}

void memory(std::string& out, const Scenario& s, const Result& r) {
  const auto& m = r.memory;
  const auto text = [](Bytes b) { return bytes_text(static_cast<double>(b.count())); };
  out += fmt::format(
      "  memory            {} of {} ({:.0f} %): weights {}, KV {}, anchors {}, workspace {}\n",
      text(m.total), text(m.capacity),
      100.0 * static_cast<double>(m.total.count()) /
          static_cast<double>(std::max<std::int64_t>(1, m.capacity.count())),
      text(m.weights), text(m.kv), text(m.anchors), text(m.workspace));
  if (s.verification.timing != verify::Timing::none && m.retained > Bytes::zero())
    out += fmt::format("                    {} at most waited for a verdict{}\n", text(m.retained),
                       m.retained_host > Bytes::zero()
                           ? fmt::format(", and {} in host memory", text(m.retained_host))
                           : std::string());
}

void phases(std::string& out, const Result& r) {
  const auto line = [&](const char* name, const system::Phase& p, std::int64_t steps) {
    if (p.totals.hbm == Bytes::zero()) return;
    const double n = static_cast<double>(std::max<std::int64_t>(1, steps));
    out += fmt::format(
        "  {:<18}{} of device memory ({} attention, {} anchors), {:.3g} GFLOP, {:.0f} launches{}\n",
        name, bytes_text(static_cast<double>(p.totals.hbm.count()) / n),
        bytes_text(static_cast<double>(p.totals.attention.count()) / n),
        bytes_text(static_cast<double>(p.totals.anchors.count()) / n),
        static_cast<double>(p.totals.flops.count()) / n / 1e9,
        static_cast<double>(p.totals.launches) / n, steps > 0 ? " a step" : "");
  };
  line("prefill moves", r.prefill, 0);
  line("decode moves", r.decode_phase, r.tokens + r.recovery.discarded_tokens);
}

void verification(std::string& out, const Scenario& s, const Result& r) {
  if (s.verification.timing == verify::Timing::none) return;
  const auto& v = r.verification;
  out += fmt::format(
      "  verification      {} boundaries, {} verdicts, {} failed; {} a check, verdict after {}\n",
      grouped(v.boundaries), grouped(v.checks), v.failures,
      bytes_text(v.checks == 0 ? 0.0
                               : static_cast<double>(v.payload_bytes.count()) /
                                     static_cast<double>(v.checks)),
      duration_text(v.latency.mean));
  out += "                    ";
  for (Category c : {Category::quantize, Category::transfer, Category::sync, Category::hash,
                     Category::ledger, Category::evidence, Category::check})
    if (v.spent[c] > Duration::zero())
      out += fmt::format("{} {}, ", hardware::kCategoryNames[static_cast<std::size_t>(c)],
                         duration_text(seconds(v.spent[c])));
  out += fmt::format("verifier {:.1f} % busy\n", 100 * v.utilization);
  if (r.verification.exposure_max > 0)
    out +=
        fmt::format("                    exposure {:.3g} tokens mean, {} max; {} for each token\n",
                    v.exposure_mean, v.exposure_max, duration_text(v.exposure_s));
}

// What went wrong and what undoing it took; nothing when nothing did.
void recovery(std::string& out, const Result& r) {
  const auto& v = r.recovery;
  const auto& c = r.verification;
  std::vector<std::string> said;
  const auto say = [&](std::int64_t n, const char* what) {
    if (n > 0) said.push_back(fmt::format("{} {}", grouped(n), what));
  };
  say(v.rollbacks, "rollbacks");
  say(v.crashes, "crashes");
  if (v.discarded.tokens > 0 || v.discarded.energy > Energy::zero())
    said.push_back(fmt::format("{} tokens ({:.3g} J) discarded", grouped(v.discarded.tokens),
                               joules(v.discarded.energy)));
  say(v.salvaged_tokens, "tokens kept of failed boundaries");
  say(v.reprefilled_tokens, "tokens prefilled again");
  if (v.repairing > Duration::zero())
    said.push_back(fmt::format("{} repairing", duration_text(seconds(v.repairing))));
  say(c.false_positives, "false positives");
  say(v.retries, "retries");
  say(v.refetches, "refetches");
  say(v.compensations, "compensations");
  say(v.failed_compensations, "failed compensations");
  say(v.tolerated, "boundaries tolerated");
  say(v.escaped_tokens, "bad tokens kept");
  say(c.unseen, "boundaries passed unseen");
  say(c.revoked_boundaries, "boundaries on a revoked anchor");
  say(c.restarted_checks, "checks begun again");
  say(c.lies_accepted, "false ledger answers accepted");
  say(c.lies_noticed, "false ledger answers noticed");
  say(c.old_heads, "reads from an old head");
  if (v.degraded) said.push_back("degraded to stop and wait");
  for (std::size_t i = 0; i < said.size(); i += 4) {
    out += i == 0 ? "  recovery          " : "                    ";
    for (std::size_t j = i; j < std::min(i + 4, said.size()); ++j)
      out += (j > i ? " " : "") + said[j] + (j + 1 < said.size() ? "," : "");
    out += '\n';
  }
}

void anchors(std::string& out, const Result& r) {
  if (!r.anchors) return;
  const serving::AnchorStats& a = r.anchors->stats;
  out +=
      fmt::format("  anchors           ready after {}: ", duration_text(seconds(r.anchors->ready)));
  for (std::size_t i = 0; i < hardware::kCategories; ++i)
    if (const Duration d = r.anchors->path[static_cast<Category>(i)]; d > Duration::zero())
      out += fmt::format("{} {}, ", hardware::kCategoryNames[i], duration_text(seconds(d)));
  out += fmt::format("{} uses: {} hits, {} promoted", a.uses, a.hits + a.joined, a.promotions);
  if (a.not_found > 0) out += fmt::format(", {} not found", a.not_found);
  if (a.revoked_used > 0) out += fmt::format(", {} used though revoked", a.revoked_used);
  out += '\n';
}

}  // namespace

std::string summary(const system::LoadedScenario& loaded, const Result& r) {
  const Scenario& s = loaded.scenario;
  std::string out;
  if (r.agents) {
    out += agents_summary(s, r);
  } else if (r.requests) {
    out += requests_summary(s, r);
  } else {
    heading(out, s, r);
    rates(out, r);
    breakdown(out, r);
    resources(out, s, r);
    memory(out, s, r);
    phases(out, r);
    anchors(out, r);
    verification(out, s, r);
    recovery(out, r);
    out += scheme_text(s, r);
  }
  if (s.published) out += published_text(result_json(loaded, r, false)["published"]);
  std::size_t assumed = 0;
  for (const config::Origin& o : loaded.provenance.all())
    if (o.source.kind == config::SourceKind::assumed) ++assumed;
  out += '\n';
  for (const std::string& w : r.warnings) out += "  warning: " + w + "\n";
  if (assumed > 0)
    out += fmt::format(
        "  {} hardware numbers are assumed, not measured: 'fieldsim describe {}' lists each with "
        "its source\n",
        assumed, s.hardware.name);
  out += fmt::format("  simulated {} in {} ({} events, {} kernels fast-forwarded)\n",
                     duration_text(seconds(r.total)), duration_text(r.simulation.wall_s),
                     grouped(static_cast<std::int64_t>(r.simulation.events)),
                     grouped(static_cast<std::int64_t>(r.simulation.kernels_elided)));
  return out;
}

}  // namespace fieldsim::report
