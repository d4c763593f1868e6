#include "sim/report/requests.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/report/many.hpp"
#include "sim/report/names.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::RequestsResult;
using system::Result;
using system::Scenario;
using system::Spread;

namespace {

std::string times(const Spread& s) {
  return fmt::format("{:>10} {:>10} {:>10} {:>10}", duration_text(s.mean), duration_text(s.p50),
                     duration_text(s.p90), duration_text(s.p99));
}

std::string bytes(Bytes b) { return bytes_text(static_cast<double>(b.count())); }

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0.0; }

void load(std::string& out, const RequestsResult& q) {
  labelled(out, "requests",
           fmt::format("{} arrived = {} completed + {} in flight + {} refused + {} given up, in {}",
                       grouped(q.arrived), grouped(q.completed), grouped(q.in_flight),
                       grouped(q.refused), grouped(q.given_up), duration_text(q.elapsed)));
  labelled(out, "throughput",
           fmt::format("{:.4g} requests/s; {:.4g} prompt and {:.4g} committed output tokens/s",
                       q.per_s, q.prompt_per_s, q.output_per_s));
  if (q.has_slo)
    labelled(
        out, "goodput",
        fmt::format("{:.4g} requests/s and {:.4g} tokens/s within the objective ({:.1f} % of the "
                    "completed)",
                    q.good_per_s, q.good_tokens_per_s,
                    percent(static_cast<double>(q.good), static_cast<double>(q.completed))));
  const auto& t = q.tokens;
  labelled(
      out, "tokens",
      fmt::format("{} generated = {} committed + {} discarded + {} in flight", grouped(t.generated),
                  grouped(t.committed), grouped(t.discarded), grouped(t.in_flight)));
  labelled(
      out, "in the system",
      fmt::format("{:.1f} requests mean, {} max; {:.1f} in the queue, {} max; {:.1f} decode in an "
                  "iteration, {} max; device {:.1f} % busy",
                  q.in_system_mean, grouped(q.in_system_max), q.queued_mean, grouped(q.queued_max),
                  q.running_mean, grouped(q.running_max), 100 * q.device_busy));
}

void latency(std::string& out, const RequestsResult& q) {
  out += fmt::format("\n  {:<28}{:>10} {:>10} {:>10} {:>10}\n", "of a completed request", "mean",
                     "p50", "p90", "p99");
  const auto row = [&](const char* name, const Spread& s) {
    out += fmt::format("  {:<28}{}\n", name, times(s));
  };
  row("queue, to its place", q.queue);
  row("first token made (TTFT)", q.ttft);
  row("time per token (TPOT)", q.tpot);
  row("last token made", q.e2e);
  row("first token released", q.first_released);
  row("last token released", q.released);
  row("a token, made to released", q.held);
}

void memory(std::string& out, const Result& r, const RequestsResult& q) {
  out += '\n';
  labelled(out, "KV blocks",
           fmt::format("{}, {:.1f} % in use on average, {:.1f} % at most", grouped(q.blocks),
                       100 * q.kv_utilization,
                       percent(static_cast<double>(q.blocks_max), static_cast<double>(q.blocks))));
  labelled(
      out, "preemption",
      fmt::format("{}, of {} requests; {} tokens computed again; {} swapped out, {} in; {} caches "
                  "evicted that waited for a verdict",
                  grouped(q.preemptions), grouped(q.preempted), grouped(q.recomputed_tokens),
                  bytes(q.swapped_out), bytes(q.swapped_in), grouped(q.evicted_caches)));
  if (r.anchors) {
    const auto& a = r.anchors->stats;
    labelled(out, "anchors",
             fmt::format("{} uses: {} hits, {} misses ({} joined another's load), {} refreshed, {} "
                         "hashed again; {} loads, {} evicted; {} checks failed",
                         grouped(a.uses), grouped(a.hits), grouped(a.misses), grouped(a.joined),
                         grouped(a.refreshes), grouped(a.rehashes), grouped(a.promotions),
                         grouped(a.evictions), grouped(a.failures)));
  }
  labelled(out, "memory",
           fmt::format("{}; {} of state kept for verdicts", memory_text(r.memory),
                       bytes(r.memory.retained)));
}

void verification(std::string& out, const Result& r, const RequestsResult& q) {
  const auto& v = r.verification;
  labelled(out, "verification",
           fmt::format("{} boundaries committed, {} verdicts, {} failed; verdict after {} mean, {} "
                       "p99; verifier {:.1f} % busy",
                       grouped(v.boundaries), grouped(v.checks), grouped(v.failures),
                       duration_text(v.latency.mean), duration_text(v.latency.p99),
                       100 * v.utilization));
  labelled(out, "exposure",
           fmt::format("{:.4g} unverified tokens mean, {} max, over all requests", v.exposure_mean,
                       grouped(v.exposure_max)));
  labelled(out, "rollbacks",
           fmt::format("{}; {} tokens discarded ({:.3f} %), {} of them a reader had seen",
                       grouped(r.recovery.rollbacks), grouped(q.tokens.discarded),
                       percent(static_cast<double>(q.tokens.discarded),
                               static_cast<double>(q.tokens.generated)),
                       grouped(q.retracted_tokens)));
}

}  // namespace

Json requests_json(const RequestsResult& q) {
  Json j;
  j["arrived"] = q.arrived;
  j["completed"] = q.completed;
  j["in_flight"] = q.in_flight;
  j["refused"] = q.refused;
  j["given_up"] = q.given_up;
  j["elapsed_s"] = q.elapsed;
  j["throughput"] = {{"requests_per_s", q.per_s},
                     {"prompt_tokens_per_s", q.prompt_per_s},
                     {"output_tokens_per_s", q.output_per_s}};
  if (q.has_slo)
    j["goodput"] = {
        {"requests", q.good},
        {"share",
         q.completed > 0 ? static_cast<double>(q.good) / static_cast<double>(q.completed) : 0.0},
        {"requests_per_s", q.good_per_s},
        {"tokens_per_s", q.good_tokens_per_s}};
  j["queue_s"] = spread_json(q.queue);
  j["ttft_s"] = spread_json(q.ttft);
  j["tpot_s"] = spread_json(q.tpot);
  j["e2e_s"] = spread_json(q.e2e);
  j["released_s"] = {{"first_token", spread_json(q.first_released)},
                     {"last_token", spread_json(q.released)}};
  j["held_s"] = spread_json(q.held);
  j["tokens"] = {{"generated", q.tokens.generated},  {"committed", q.tokens.committed},
                 {"discarded", q.tokens.discarded},  {"in_flight", q.tokens.in_flight},
                 {"retracted", q.retracted_tokens},  {"prefilled", q.prefill_tokens},
                 {"recomputed", q.recomputed_tokens}};
  j["preemption"] = {{"preemptions", q.preemptions},
                     {"requests", q.preempted},
                     {"swapped_out_bytes", q.swapped_out.count()},
                     {"swapped_in_bytes", q.swapped_in.count()},
                     {"evicted_caches", q.evicted_caches}};
  j["in_system"] = {{"mean", q.in_system_mean}, {"max", q.in_system_max}};
  j["queued"] = {{"mean", q.queued_mean}, {"max", q.queued_max}};
  j["batch"] = {{"iterations", q.iterations},
                {"sequences_mean", q.running_mean},
                {"sequences_max", q.running_max},
                {"device_busy", q.device_busy},
                {"table_error", q.table_error}};
  j["kv"] = {{"blocks", q.blocks},
             {"utilization", q.kv_utilization},
             {"blocks_max", q.blocks_max},
             {"blocks_in_use_at_end", q.blocks_at_end},
             {"blocks_held_at_end", q.blocks_held_at_end}};
  return j;
}

std::string requests_summary(const Scenario& s, const Result& r) {
  const RequestsResult& q = *r.requests;
  std::string out = heading(s, q.arrived, "requests");
  load(out, q);
  latency(out, q);
  memory(out, r, q);
  verification(out, r, q);
  labelled(out, "energy",
           fmt::format("{:.3g} J per token (linear power model, assumed)", r.energy_j_per_token));
  table_line(out, q.table_error);
  return out;
}

}  // namespace fieldsim::report
