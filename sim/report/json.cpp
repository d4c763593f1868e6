#include "sim/report/json.hpp"

#include <nlohmann/json.hpp>

#include "sim/report/agents.hpp"
#include "sim/report/names.hpp"
#include "sim/report/published.hpp"
#include "sim/report/requests.hpp"
#include "sim/report/scheme.hpp"
#include "sim/report/version.hpp"

namespace fieldsim::report {

using hardware::Category;
using Json = nlohmann::ordered_json;
using system::Result;
using system::Scenario;

namespace {

Json distribution(const system::Distribution& d) {
  return {{"mean", d.mean}, {"p50", d.p50}, {"p90", d.p90}, {"p99", d.p99}, {"max", d.max}};
}

double per(Duration d, std::int64_t n) {
  return n == 0 ? 0.0 : seconds(d) / static_cast<double>(n);
}
double per(std::int64_t v, std::int64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(v) / static_cast<double>(n);
}

Json breakdown(const hardware::Account& spent, std::int64_t tokens) {
  Json j;
  for (std::size_t i = 0; i < hardware::kCategories; ++i)
    j[std::string(hardware::kCategoryNames[i])] = per(spent[static_cast<Category>(i)], tokens);
  return j;
}

Json phase(const system::Phase& p, std::int64_t steps, std::int64_t layers) {
  const system::StepTotals& t = p.totals;
  Json j = {{"time_s", seconds(p.time)},
            {"weight_bytes", t.weights.count()},
            {"attention_bytes", t.attention.count()},
            {"anchor_bytes", t.anchors.count()},
            {"hbm_bytes", t.hbm.count()},
            {"flops", t.flops.count()},
            {"attention_flops", t.attention_flops.count()},
            {"launches", t.launches},
            {"workspace_bytes", t.workspace.count()},
            {"spent_s", breakdown(p.spent, 1)}};
  if (steps > 0)
    j["per_step"] = {{"weight_bytes", per(t.weights.count(), steps)},
                     {"attention_bytes", per(t.attention.count(), steps)},
                     {"attention_bytes_per_layer", per(t.attention.count(), steps * layers)},
                     {"anchor_bytes", per(t.anchors.count(), steps)},
                     {"hbm_bytes", per(t.hbm.count(), steps)},
                     {"flops", per(t.flops.count(), steps)},
                     {"launches", per(t.launches, steps)}};
  return j;
}

Json resources(const Result& r) {
  Json j = Json::object();
  for (const system::ResourceUse& u : r.resources)
    j[u.name] = {{"utilization", u.utilization},
                 {"bytes", u.bytes.count()},
                 {"busy_s", seconds(u.busy)},
                 {"bound", u.bound}};
  return j;
}

Json work(const recovery::Work& w) {
  return {{"tokens", w.tokens}, {"bytes", w.bytes.count()}, {"energy_j", joules(w.energy)}};
}

Json recovery(const Result& r, std::int64_t steps) {
  const auto& v = r.recovery;
  return {{"rollbacks", v.rollbacks},
          {"discarded_tokens", v.discarded_tokens},
          {"discarded_fraction", per(v.discarded_tokens, steps)},
          {"aborted", v.aborted},
          {"degraded", v.degraded},
          {"escaped_tokens", v.escaped_tokens},
          {"tolerated_boundaries", v.tolerated},
          {"retries", v.retries},
          {"refetches", v.refetches},
          {"salvaged_tokens", v.salvaged_tokens},
          {"reprefilled_tokens", v.reprefilled_tokens},
          {"compensations", v.compensations},
          {"failed_compensations", v.failed_compensations},
          {"crashes", v.crashes},
          {"recovery_s", seconds(v.repairing)},
          {"checkpoint_bytes", v.checkpointed.count()},
          {"work",
           {{"generated", work(v.generated)},
            {"committed", work(v.committed)},
            {"discarded", work(v.discarded)},
            {"in_flight", work(v.in_flight)}}}};
}

Json ledger(const Result& r) {
  const auto& v = r.verification;
  return {{"revoked_boundaries", v.revoked_boundaries},
          {"lies_accepted", v.lies_accepted},
          {"lies_noticed", v.lies_noticed},
          {"old_heads", v.old_heads},
          {"partition_wait_s", seconds(v.partition_wait)}};
}

Json verification(const Scenario& s, const Result& r) {
  const auto& v = r.verification;
  Json stages;
  for (Category c : {Category::quantize, Category::transfer, Category::sync, Category::hash,
                     Category::ledger, Category::evidence, Category::check})
    stages[std::string(hardware::kCategoryNames[static_cast<std::size_t>(c)])] =
        seconds(v.spent[c]);
  return {{"timing", name_of(s.verification.timing)},
          {"boundaries", v.boundaries},
          {"checks", v.checks},
          {"failures", v.failures},
          {"false_positives", v.false_positives},
          {"payload_bytes", v.payload_bytes.count()},
          {"latency_s", v.latency.mean},
          {"latency_p99_s", v.latency.p99},
          {"service_s", v.service_s},
          {"stages_s", stages},
          {"utilization", v.utilization},
          {"exposure_tokens", v.exposure_mean},
          {"exposure_tokens_max", v.exposure_max},
          {"exposure_s", v.exposure_s},
          {"window_max", v.window_max},
          {"unseen_boundaries", v.unseen},
          {"restarted_checks", v.restarted_checks},
          {"ledger", ledger(r)}};
}

// Of all sequences' tokens; energy by the run's linear power model.
Json cost(const Scenario& s, const Result& r) {
  constexpr double kMillion = 1e6, kSecondsPerHour = 3600, kJoulesPerKwh = 3.6e6;
  const double tokens = static_cast<double>(r.tokens * r.batch);
  const double device_s = seconds(r.decode + r.drain) + seconds(r.prefill.time);
  const double device =
      tokens > 0 ? s.cost.usd_per_device_hour * device_s / kSecondsPerHour / tokens * kMillion : 0;
  const double joules = r.energy_j_per_token * kMillion;
  const double energy = joules / kJoulesPerKwh * s.cost.usd_per_kwh * s.cost.facility;
  return {{"joules_per_million_tokens", joules},
          {"usd_per_million_tokens", device + energy},
          {"usd_device", device},
          {"usd_energy", energy}};
}

// The life of the anchors: what happened to them, and the time before the prefill by stage.
Json anchors(const Result& r) {
  const serving::AnchorStats& a = r.anchors->stats;
  Json before;
  for (std::size_t i = 0; i < hardware::kCategories; ++i)
    if (const Duration d = r.anchors->path[static_cast<Category>(i)]; d > Duration::zero())
      before[std::string(hardware::kCategoryNames[i])] = seconds(d);
  return {{"ready_s", seconds(r.anchors->ready)},
          {"path_s", before},
          {"uses", a.uses},
          {"hits", a.hits},
          {"joined", a.joined},
          {"misses", a.misses},
          {"not_found", a.not_found},
          {"promotions", a.promotions},
          {"refreshes", a.refreshes},
          {"rehashes", a.rehashes},
          {"evictions", a.evictions},
          {"failures", a.failures},
          {"revoked_used", a.revoked_used},
          {"revocations_seen", a.revocations_seen},
          {"scanned_bytes", a.scanned.count()},
          {"fetched_bytes", a.fetched.count()},
          {"verified_bytes", a.verified.count()},
          {"promoted_bytes", a.promoted.count()},
          {"stage_time_s",
           {{"retrieve", seconds(a.retrieve)},
            {"fetch", seconds(a.fetch)},
            {"verify", seconds(a.verify)},
            {"promote", seconds(a.promote)}}}};
}

// Every given number of the hardware that was not measured, fitted or taken from a datasheet.
Json assumptions(const config::Provenance& provenance) {
  Json j = Json::array();
  for (const config::Origin& o : provenance.all())
    if (o.source.kind == config::SourceKind::assumed)
      j.push_back({{"path", o.path}, {"value", o.text}, {"source", o.source.reference}});
  return j;
}

}  // namespace

Json result_json(const system::LoadedScenario& loaded, const Result& r, bool timing) {
  const Scenario& s = loaded.scenario;
  const std::int64_t tokens = r.tokens;
  const std::int64_t steps = tokens + r.recovery.discarded_tokens;
  Json j;
  j["scenario"] = s.name;
  j["version"] = kVersion;
  j["seed"] = s.seed;
  j["fidelity"] = name_of(s.fidelity);
  j["hardware"] = s.hardware.name;
  j["model"] = s.model.name;
  j["attention_kernel"] = attention::to_string(s.attention.kernel);
  j["tokens"] = {{"prompt", r.agents || r.requests ? 0 : s.workload.prompt_tokens},
                 {"output", tokens},
                 {"anchors", s.attention.anchor_tokens},
                 {"batch", r.batch}};
  j["throughput"] = {{"tokens_per_s", r.tokens_per_s},
                     {"committed_tokens_per_s", r.committed_tokens_per_s},
                     {"goodput_tokens_per_s", r.goodput}};
  j["latency"] = {{"ttft_s", seconds(r.ttft)},
                  {"tpot_s", distribution(r.tpot)},
                  {"output_commit_s", distribution(r.recovery.output_commit)},
                  {"prefill_s", seconds(r.prefill.time)},
                  {"decode_s", seconds(r.decode)},
                  {"drain_s", seconds(r.drain)},
                  {"total_s", seconds(r.total)}};
  j["time_breakdown_s"] = breakdown(r.breakdown, tokens);
  j["phases"] = {{"prefill", phase(r.prefill, 0, 0)},
                 {"decode", phase(r.decode_phase, steps, s.model.num_hidden_layers)}};
  j["resources"] = resources(r);
  j["verification"] = verification(s, r);
  j["scheme"] = scheme_json(s, r);
  if (r.anchors) j["anchors"] = anchors(r);
  j["recovery"] = recovery(r, steps);
  const system::MemoryUse& m = r.memory;
  j["memory"] = {
      {"weights_bytes", m.weights.count()},   {"kv_bytes", m.kv.count()},
      {"anchor_bytes", m.anchors.count()},    {"workspace_bytes", m.workspace.count()},
      {"retained_bytes", m.retained.count()}, {"retained_host_bytes", m.retained_host.count()},
      {"evidence_bytes", m.evidence.count()}, {"total_bytes", m.total.count()},
      {"capacity_bytes", m.capacity.count()}, {"fits", m.fits}};
  j["energy_j_per_token"] = r.energy_j_per_token;
  j["cost"] = cost(s, r);
  if (r.agents) j["agents"] = agents_json(*r.agents);
  if (r.requests) j["requests"] = requests_json(*r.requests);
  if (s.published) j["published"] = published_json(s, j);
  j["warnings"] = r.warnings;
  j["assumptions"] = assumptions(loaded.provenance);
  if (timing) {
    const auto& sim = r.simulation;
    j["simulation"] = {
        {"events", sim.events},
        {"wall_s", sim.wall_s},
        {"events_per_s", sim.wall_s > 0 ? static_cast<double>(sim.events) / sim.wall_s : 0.0},
        {"kernels_fast_forwarded", sim.kernels_elided},
        {"fingerprint", sim.fingerprint}};
  }
  return j;
}

std::string text(const Json& json) { return json.dump(2) + "\n"; }

}  // namespace fieldsim::report
