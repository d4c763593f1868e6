#include "sim/report/agents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "sim/report/many.hpp"
#include "sim/report/names.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::AgentsResult;
using system::Result;
using system::Scenario;

namespace {

Json conserved(const system::Conserved& c) {
  return {{"generated", c.generated},
          {"committed", c.committed},
          {"discarded", c.discarded},
          {"in_flight", c.in_flight}};
}

Json by_item(const system::ByItem& n) {
  return {{"boundaries", n[0]},
          {"memories", n[1]},
          {"messages", n[2]},
          {"effects", n[3]},
          {"tool_results", n[4]}};
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// "3 boundaries, 2 memories"; "none" for nothing.
std::string items(const system::ByItem& n) {
  constexpr const char* kNames[] = {"boundaries", "memories", "messages", "effects",
                                    "tool results"};
  std::string text;
  for (std::size_t i = 0; i < n.size(); ++i)
    if (n[i] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(n[i]), kNames[i]);
  return text.empty() ? "none" : text;
}

// "moving_kv" as words.
std::string named(std::string_view activity) {
  std::string text(activity);
  std::ranges::replace(text, '_', ' ');
  return text;
}

// "41.2 % thinking, 30.1 % admission": what took at least a thousandth, largest first.
std::string activities(const AgentsResult& a) {
  double all = 0;
  std::vector<std::pair<double, std::string_view>> parts;
  for (std::size_t i = 0; i < serving::kActivities; ++i) {
    all += a.spent_s[i];
    parts.emplace_back(a.spent_s[i], serving::kActivityNames[i]);
  }
  std::ranges::stable_sort(parts, std::greater{}, [](const auto& p) { return p.first; });
  std::string text;
  for (const auto& [time, name] : parts)
    if (1000 * time > all)
      text += fmt::format("{}{:.1f} % {}", text.empty() ? "" : ", ", 100 * time / all, named(name));
  return text.empty() ? "none" : text;
}

void work(std::string& out, const Result& r, const AgentsResult& a) {
  labelled(out, "goodput",
           fmt::format("{:.4g} committed tokens/s ({:.4g} generated), {} steps an hour", a.goodput,
                       a.raw, grouped(std::llround(a.steps_per_hour))));
  const auto& t = a.tokens;
  labelled(
      out, "tokens",
      fmt::format("{} generated = {} committed + {} discarded + {} in flight", grouped(t.generated),
                  grouped(t.committed), grouped(t.discarded), grouped(t.in_flight)));
  labelled(out, "energy",
           fmt::format("{:.3g} J per token; discarded {:.3g} J of {:.4g} J, idle {:.3g} J "
                       "(linear power model, assumed)",
                       r.energy_j_per_token, static_cast<double>(a.nanojoules.discarded) / 1e9,
                       static_cast<double>(a.nanojoules.generated) / 1e9, a.idle_j));
  labelled(out, "batch",
           fmt::format("{:.1f} sequences decode in an iteration, {} at most; {} iterations; "
                       "device {:.1f} % busy, {:.1f} % of it with a prefill",
                       a.batch_mean, a.running_peak, grouped(a.iterations), 100 * a.device_busy,
                       100 * a.prefill_share));
  labelled(
      out, "prefill",
      fmt::format("{} tokens, of them {} again (rollback, eviction, compaction); "
                  "{} KV caches evicted",
                  grouped(a.prefill_tokens), grouped(a.reprefilled_tokens), grouped(a.evictions)));
  labelled(out, "agents",
           fmt::format("{}: {} finished, {} gave up", grouped(a.agents), grouped(a.finished),
                       grouped(a.aborted)));
  labelled(out, "agents' time", activities(a));
}

void recovery(std::string& out, const Scenario& s, const Result& r, const AgentsResult& a) {
  const auto& v = r.verification;
  out += '\n';
  labelled(out, "verification",
           fmt::format(
               "{} boundaries committed, {} verdicts, {} failed ({} of them false), {} bad ones "
               "passed; verdict after {} mean, {} p99; verifier {:.1f} % busy",
               grouped(v.boundaries), grouped(v.checks), v.failures, a.false_positives, a.missed,
               duration_text(v.latency.mean), duration_text(v.latency.p99), 100 * v.utilization));
  labelled(out, "exposure",
           fmt::format(
               "{:.4g} unverified tokens mean, {} max, over all agents; {} of state kept for them "
               "at most",
               v.exposure_mean, grouped(v.exposure_max),
               bytes_text(static_cast<double>(r.memory.retained.count()))));
  labelled(out, "output commit",
           fmt::format("tokens p50 {}, p99 {}; effects p50 {}, p99 {}",
                       duration_text(a.token_commit.p50), duration_text(a.token_commit.p99),
                       duration_text(a.effect_commit.p50), duration_text(a.effect_commit.p99)));
  labelled(out, "rollbacks",
           fmt::format("{}, of {} agents; {} to go on (p99 {}); {} tokens discarded ({:.3f} %)",
                       grouped(r.recovery.rollbacks), grouped(a.agents_hit),
                       duration_text(a.recovery_time.mean), duration_text(a.recovery_time.p99),
                       grouped(a.tokens.discarded),
                       100 * share(a.tokens.discarded, a.tokens.generated)));
  labelled(out, "cascades",
           fmt::format("depth {:.2f} mean, {} max (agents passed on the way); size {:.2f} "
                       "mean, {} max",
                       a.cascade_depth_mean, a.cascade_depth_max, a.cascade_size_mean,
                       a.cascade_size_max));
  labelled(out, "undone", items(a.undone));
  labelled(out, "orphans", items(a.orphans));
  labelled(out, "effects",
           fmt::format(
               "{} read-only, {} compensatable, {} irreversible applied; {} compensated; escaped: "
               "{} irreversible, {} compensatable",
               grouped(a.effects_read_only), grouped(a.effects_compensatable),
               grouped(a.effects_irreversible), grouped(a.compensations), a.escaped_irreversible,
               a.escaped_compensatable));
  labelled(out, "provenance",
           fmt::format("{} edges made, {} at most, {} of host time; {} tombstones",
                       grouped(a.provenance_edges),
                       bytes_text(static_cast<double>(a.provenance_peak.count())),
                       duration_text(a.provenance_s), grouped(a.tombstones)));
  if (a.index_rows > 0)
    labelled(
        out, "memory index",
        fmt::format("{} rows at the end, {} dead at most; {} compactions; {} a read, {} missed",
                    grouped(a.index_rows), grouped(a.index_dead_peak), grouped(a.index_compactions),
                    duration_text(a.reads + a.index_missed > 0
                                      ? a.index_s / static_cast<double>(a.reads + a.index_missed)
                                      : 0.0),
                    grouped(a.index_missed)));
  if (r.recovery.crashes > 0)
    labelled(out, "device crashes",
             fmt::format("{}; {} KV caches lost, {} copied back from the host",
                         grouped(r.recovery.crashes), grouped(a.lost_caches),
                         bytes_text(static_cast<double>(a.restored.count()))));
  if (a.throttled > 0 || a.uncopied > 0)
    labelled(out, "kept state",
             fmt::format("{} waits for room (recovery.retained); {} boundaries without a copy, for "
                         "lack of room",
                         grouped(a.throttled), grouped(a.uncopied)));
  const std::int64_t faulty = v.revoked_boundaries + v.lies_accepted + v.lies_noticed +
                              v.old_heads + v.restarted_checks + a.refetches;
  if (faulty > 0 || v.partition_wait > Duration::zero())
    labelled(
        out, "ledger, verifier",
        fmt::format("{} boundaries committed on a revoked anchor, {} anchors fetched again; {} "
                    "lies believed, {} noticed; {} old heads used, {} waited in partitions; {} "
                    "checks begun again",
                    grouped(v.revoked_boundaries), grouped(a.refetches), grouped(v.lies_accepted),
                    grouped(v.lies_noticed), grouped(v.old_heads),
                    duration_text(seconds(v.partition_wait)), grouped(v.restarted_checks)));
  if (s.recovery.rollback == recovery::Rollback::selective_revalidation)
    labelled(out, "revalidation",
             fmt::format("{} tokens replayed to compare", grouped(a.revalidated_tokens)));
}

}  // namespace

Json agents_json(const AgentsResult& a) {
  Json j;
  j["agents"] = a.agents;
  j["finished"] = a.finished;
  j["aborted"] = a.aborted;
  j["steps"] = a.steps;
  j["steps_per_hour"] = a.steps_per_hour;
  j["goodput_tokens_per_s"] = a.goodput;
  j["generated_tokens_per_s"] = a.raw;
  j["tokens"] = conserved(a.tokens);
  j["kv_bytes"] = conserved(a.bytes);
  j["nanojoules"] = conserved(a.nanojoules);
  j["idle_j"] = a.idle_j;
  j["prefill"] = {{"tokens", a.prefill_tokens},
                  {"again_tokens", a.reprefilled_tokens},
                  {"revalidated_tokens", a.revalidated_tokens},
                  {"evictions", a.evictions}};
  j["batch"] = {{"iterations", a.iterations},       {"sequences_mean", a.batch_mean},
                {"sequences_max", a.running_peak},  {"device_busy", a.device_busy},
                {"prefill_share", a.prefill_share}, {"displaced_s", a.displaced_s},
                {"table_error", a.table_error}};
  j["agents_time_s"] = Json::object();
  for (std::size_t i = 0; i < serving::kActivities; ++i)
    j["agents_time_s"][std::string(serving::kActivityNames[i])] = a.spent_s[i];
  j["kv_moved"] = {{"swapped_bytes", a.swapped.count()},
                   {"restored_bytes", a.restored.count()},
                   {"caches_lost", a.lost_caches}};
  j["kept"] = {{"waits_for_room", a.throttled}, {"boundaries_without_copy", a.uncopied}};
  j["output_commit_s"] = {{"tokens", spread_json(a.token_commit)},
                          {"effects", spread_json(a.effect_commit)}};
  j["effects"] = {{"read_only", a.effects_read_only},
                  {"compensatable", a.effects_compensatable},
                  {"irreversible", a.effects_irreversible},
                  {"outboxed", a.outboxed},
                  {"compensated", a.compensations},
                  {"duplicates_dropped", a.duplicates_dropped},
                  {"escaped_irreversible", a.escaped_irreversible},
                  {"escaped_compensatable", a.escaped_compensatable}};
  j["verdicts"] = {{"false_positives", a.false_positives},
                   {"missed", a.missed},
                   {"tolerated", a.tolerated},
                   {"tainted_tokens", a.tainted_tokens}};
  j["memories"] = {{"reads", a.reads},
                   {"writes", a.writes},
                   {"messages", a.messages},
                   {"tombstones", a.tombstones}};
  if (a.index_rows > 0)
    j["memories"]["index"] = {{"rows", a.index_rows},
                              {"dead_rows_max", a.index_dead_peak},
                              {"compactions", a.index_compactions},
                              {"missed", a.index_missed},
                              {"searching_s", a.index_s}};
  j["rollback_s"] = spread_json(a.recovery_time);
  j["refetches"] = a.refetches;
  j["agents_rolled_back"] = a.agents_hit;
  j["undone"] = by_item(a.undone);
  j["orphans"] = by_item(a.orphans);
  j["orphans"]["tokens"] = a.orphan_tokens;
  j["orphans"]["agents"] = a.orphan_agents;
  j["cascade"] = {{"depth_mean", a.cascade_depth_mean},
                  {"depth_max", a.cascade_depth_max},
                  {"size_mean", a.cascade_size_mean},
                  {"size_max", a.cascade_size_max}};
  j["provenance"] = {{"edges", a.provenance_edges},
                     {"peak_bytes", a.provenance_peak.count()},
                     {"host_s", a.provenance_s}};
  return j;
}

std::string agents_summary(const Scenario& s, const Result& r) {
  const AgentsResult& a = *r.agents;
  std::string out = heading(s, a.agents, "agents");
  work(out, r, a);
  recovery(out, s, r, a);
  out += '\n';
  labelled(out, "memory", memory_text(r.memory));
  table_line(out, a.table_error);
  return out;
}

}  // namespace fieldsim::report
