#include "sim/system/warnings.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "sim/model/parameters.hpp"
#include "sim/system/applies.hpp"

namespace fieldsim::system {

namespace {
constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
constexpr double kStalled = 0.01;    // a share of the time worth a remark
constexpr double kUnstable = 0.999;  // a verifier this busy has a queue that grows
double gib(Bytes b) { return static_cast<double>(b.count()) / kGiB; }

constexpr double kMostlyWaiting = 0.5;  // of the critical path
constexpr double kPatience = 60;        // s: a person no longer waits for an answer

// Verdicts that take far longer than a boundary: what hiding them would need.
void warn_scheme(const Scenario& s, const Result& r, std::vector<std::string>& w) {
  const auto& v = r.verification;
  const double total = seconds(r.breakdown.total());
  const double waiting = seconds(r.breakdown[hardware::Category::stall]);
  if (v.boundaries == 0 || total == 0) return;
  const double T = (total - waiting) / static_cast<double>(v.boundaries);
  if (waiting > kMostlyWaiting * total)
    w.push_back(fmt::format(
        "generation waits for verdicts {:.1f} % of the time: one takes {:.4g} s of work and a "
        "boundary {:.4g} s to generate; {:.0f} workers and a window of {:.0f} boundaries would "
        "hide it",
        100 * waiting / total, v.service_s, T, std::ceil(v.service_s / T),
        1 + std::ceil(v.service_s / T)));
  if (s.recovery.output_commit == recovery::OutputCommit::hold_until_verified &&
      r.recovery.output_commit.mean > kPatience)
    w.push_back(
        fmt::format("output is held {:.4g} s on average until its verdict: interactive use needs a "
                    "faster scheme than {}, or output that is released before it",
                    r.recovery.output_commit.mean, s.verification.scheme->name));
}

}  // namespace

std::vector<std::string> warnings(const Scenario& s, const Result& r) {
  std::vector<std::string> w;
  if (s.workload.decode_step)
    w.push_back(fmt::format(
        "the unverified decode step is pinned at {:.4g} ms (workload.decode_step): assumed, not "
        "derived from the hardware",
        seconds(*s.workload.decode_step) * 1e3));
  if (s.workload.prefill)
    w.push_back(fmt::format("the prefill is pinned at {:.4g} s (workload.prefill): assumed",
                            seconds(*s.workload.prefill)));
  if (s.attention_traffic == attention::TrafficModel::paper_nxn)
    w.push_back(
        "decode attention is charged with the paper's N x N traffic (attention_traffic: "
        "paper_nxn), which no decode kernel moves");
  if (s.anchors && !r.anchors)
    w.push_back("the anchors' life is left out: it has no closed form (fidelity: event has it)");
  if (!r.memory.fits)
    w.push_back(fmt::format(
        "does not fit: needs {:.1f} GiB (weights {:.1f}, KV {:.1f}, anchors {:.2f}, workspace "
        "{:.2f}), the device has {:.1f} GiB",
        gib(r.memory.total), gib(r.memory.weights), gib(r.memory.kv), gib(r.memory.anchors),
        gib(r.memory.workspace), gib(r.memory.capacity)));
  const std::int64_t context = r.requests ? r.requests->longest
                               : s.workload.agents
                                   ? s.workload.agents->context_limit
                                   : s.workload.prompt_tokens + s.workload.output_tokens;
  if (s.model.max_position_embeddings > 0 && context > s.model.max_position_embeddings)
    w.push_back(fmt::format(
        "extrapolation: a context of {} tokens is {:.3g} times the {} positions that {} was "
        "published for; the model would need longer positional encoding",
        context,
        static_cast<double>(context) / static_cast<double>(s.model.max_position_embeddings),
        s.model.max_position_embeddings, s.model.name));
  if (s.attention.kernel == attention::KernelKind::none && s.attention.anchor_tokens > 0)
    w.push_back(fmt::format("attention.kernel is none: the {} anchor tokens are not attended to",
                            s.attention.anchor_tokens));
  if (r.verification.utilization > kUnstable)
    w.push_back(fmt::format(
        "the verifier is saturated (utilisation {:.3f}): generation runs at its pace; fewer bytes, "
        "more tokens a boundary or more workers would help",
        r.verification.utilization));
  if (s.verification.scheme) warn_scheme(s, r, w);
  if (r.agents && r.agents->escaped_irreversible > 0)
    w.push_back(fmt::format(
        "{} irreversible effects were let out and lost their origin: recovery.output_commit "
        "hold_until_verified, transactional_outbox or tiered_by_effect would hold them",
        r.agents->escaped_irreversible));
  if (r.agents && r.agents->orphans[0] > 0)
    w.push_back(fmt::format(
        "{} boundaries ({} tokens) of {} agents derive from what was undone and stayed: "
        "recovery.rollback cascading_closure or visibility read_committed would leave none",
        r.agents->orphans[0], r.agents->orphan_tokens, r.agents->orphan_agents));
  if (r.requests && r.requests->refused > 0)
    w.push_back(fmt::format(
        "{} requests were refused: they need more KV than the {} blocks beside pinned anchors",
        r.requests->refused, r.requests->blocks));
  if (r.agents && r.recovery.aborted)
    w.push_back(
        fmt::format("{} agents gave up: recovery.retry_limit = {} failed verdicts of one "
                    "boundary",
                    r.agents->aborted, s.recovery.retry_limit));
  else if (r.requests && r.recovery.aborted)
    w.push_back(fmt::format("{} requests gave up: recovery.retry_limit = {} failed verdicts",
                            r.requests->given_up, s.recovery.retry_limit));
  else if (r.recovery.aborted)
    w.push_back(fmt::format("aborted: a boundary failed more than recovery.retry_limit = {} times",
                            s.recovery.retry_limit));
  const double stalled = r.decode.count() == 0
                             ? 0
                             : seconds(r.breakdown[hardware::Category::stall]) / seconds(r.decode);
  if (s.verification.timing == verify::Timing::challenge_window && stalled > kStalled)
    w.push_back(fmt::format(
        "generation waits {:.0f} % of the time: verification.window = {} boundaries are final only "
        "after challenge.window; a larger window costs retained state",
        100 * stalled, s.verification.window));
  for (std::string& line : without_effect(s)) w.push_back(std::move(line));
  return w;
}

}  // namespace fieldsim::system
