#include "sim/system/schema/requests.hpp"

#include "sim/system/schema/agents.hpp"
#include "sim/system/schema/distribution.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace serving;

namespace {

constexpr std::int64_t kMostRequests = 1 << 24;
constexpr double kFastest = 1e6;

Schema<SloParams> slo_schema() {
  using P = SloParams;
  Schema<P> s("slo", "What a request must get to count as good; of released tokens");
  s.field("ttft", &P::ttft, "arrival to first token, at most")
      .at_least(Duration::raw(1))
      .field("tpot", &P::tpot, "mean time between tokens after the first, at most")
      .at_least(Duration::raw(1))
      .check([](const P& p, config::Report& report) {
        if (!p.ttft && !p.tpot) report.problem("", "asks for nothing: give ttft, tpot or both");
      });
  return s;
}

void check_stream(const RequestsParams& p, config::Report& report) {
  if (p.trace) {
    for (const char* key : {"prompt_tokens", "output_tokens", "count"})
      if (report.given(key))
        report.problem(key, std::string("a trace brings its own requests: take ") + key +
                                (std::string(key) == "count" ? " away, or give limit" : " away"));
    return;
  }
  if (p.limit)
    report.problem("limit", "takes the first requests of a trace: give count for a drawn stream");
  if (!p.prompt_tokens) report.problem("prompt_tokens", "is missing: only a trace brings its own");
  if (!p.output_tokens) report.problem("output_tokens", "is missing: only a trace brings its own");
  if (!p.count && !p.duration)
    report.problem("duration", "the stream has no end: give duration, count or both");
  if (!p.count && p.arrival && p.arrival->mean() <= 0)
    report.problem("count", "requests that arrive all at once have no end but a count");
}

}  // namespace

Schema<RequestsParams> requests_schema() {
  using P = RequestsParams;
  Schema<P> s("requests", "A stream of requests instead of one chat");
  s.file(
       "trace", &P::trace,
       "CSV with TIMESTAMP, ContextTokens and GeneratedTokens: a file of configs/traces or a path",
       "traces")
      .field("rate", &P::rate, "of a Poisson stream")
      .at_least(ArrivalRate::raw(1))
      .section("arrival", &P::arrival, distribution_schema<Duration>("arrival", "Between two"),
               "time between two arrivals: exponential is a Poisson stream, 0 s all at once")
      .section("prompt_tokens", &P::prompt_tokens,
               distribution_schema<std::int64_t>("prompt_tokens", "Of a request"),
               "prompt of a request, at least 1")
      .section("output_tokens", &P::output_tokens,
               distribution_schema<std::int64_t>("output_tokens", "Of a request"),
               "generated for a request, at least 1")
      .field("rate_scale", &P::rate_scale, "arrivals come so many times as fast")
      .range(1 / kFastest, kFastest)
      .field("limit", &P::limit, "of a trace: its first requests only")
      .range(1, kMostRequests)
      .unit("requests")
      .field("count", &P::count, "of a drawn stream")
      .range(1, kMostRequests)
      .unit("requests")
      .field("duration", &P::duration,
             "the run ends here, and what is open is in flight; without it, with the last request")
      .at_least(Duration::raw(1))
      .field("max_running", &P::max_running, "sequences in one iteration of the batch")
      .range(1, 65'536)
      .field("kv_memory", &P::kv_memory,
             "for KV and cached anchors; without it, what weights and anchors leave")
      .at_least(Bytes::raw(1))
      .field("watermark", &P::watermark,
             "share of the KV blocks that stays free when a request is admitted beside others")
      .range(0.0, 0.5)
      .choice("preemption", &P::preemption,
              {{"recompute", Preemption::recompute, "its KV is dropped and prefilled again"},
               {"swap", Preemption::swap, "its KV moves to host memory and back"}},
              "what becomes of the latest running request when an earlier one needs its blocks")
      .field("host_kv", &P::host_kv, "host memory for swapping; beyond it caches are dropped")
      .at_least(Bytes::zero())
      .section("slo", &P::slo, slo_schema(), "service-level objective: what goodput counts")
      .exactly_one_of({"trace", "rate", "arrival"})
      .check(check_stream);
  return s;
}

void check_requests(const Scenario& p, config::Report& report) {
  for (const char* key :
       {"workload.prompt_tokens", "workload.output_tokens", "workload.batch", "workload.agents"})
    if (report.given(key))
      report.problem(key,
                     "a run of workload.requests brings its own: take it away, or the requests");
  check_sessions(p, report);
  if (p.recovery.rollback == recovery::Rollback::compensate_only)
    report.problem("recovery.rollback", "requests have no effects to compensate: take suffix");
  if (p.faults.device_crash)
    report.problem("faults.device_crash", "is not modelled for requests: agents know it");
  if (p.anchors && p.faults.ledger.revoked_every && p.anchors->count > 1)
    report.problem("faults.ledger.revoked_every",
                   "is modelled for requests that share one anchor: give anchors.count 1");
  if (p.anchors && p.attention.anchor_tokens == 0)
    report.problem("attention.anchor_tokens", "there are anchors, but without tokens");
}

}  // namespace fieldsim::system
