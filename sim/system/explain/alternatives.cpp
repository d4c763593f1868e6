// Policies that could be chosen instead of the scenario's own.
#include <fmt/format.h>

#include <algorithm>

#include "sim/system/explain/speedup.hpp"
#include "sim/system/schema/timing.hpp"

namespace fieldsim::system::explain {

using verify::Consistency;
using verify::HashEngine;
using verify::Timing;

namespace {

class Choices {
 public:
  // Left out when it is what the scenario has.
  void add(bool had, std::string label, std::vector<std::string> assignments, bool weaker = false) {
    if (had) return;
    Alternative a;
    a.label = std::move(label);
    a.assignments = std::move(assignments);
    a.weaker = weaker;
    all.push_back(std::move(a));
  }
  std::vector<Alternative> all;
};

void kernels(Choices& c, const Scenario& s) {
  using attention::KernelKind;
  if (s.attention.kernel == KernelKind::none) return;
  for (KernelKind k : {KernelKind::fused, KernelKind::gamma_fused, KernelKind::two_pass,
                       KernelKind::cascade, KernelKind::unfused})
    c.add(s.attention.kernel == k, fmt::format("kernel {}", attention::to_string(k)),
          {fmt::format("attention.kernel={}", attention::to_string(k))});
  c.add(s.workload.launch == LaunchMode::graph, "decode steps as graphs",
        {"workload.launch=graph"});
}

const char* timing_label(Timing t) {
  switch (t) {
    case Timing::none:
      return "no verification";
    case Timing::pessimistic:
      return "verify before each release (stop and wait)";
    case Timing::on_load:
      return "verify once, on load";
    case Timing::optimistic:
      return "verify behind generation";
    case Timing::optimistic_verified_prefix:
      return "verify behind, keep tokens before a bad one";
    case Timing::sampled_audit:
      return "verify a sample of the boundaries";
    case Timing::challenge_window:
      return "final unless challenged";
    case Timing::attested_tee:
      return "attest an enclave once";
  }
  return "";
}

// Whether it checks more, or earlier, than another.
int strength(Timing t) {
  switch (t) {
    case Timing::none:
      return 0;
    case Timing::attested_tee:
      return 1;
    case Timing::sampled_audit:
    case Timing::challenge_window:
      return 2;
    case Timing::on_load:
      return 3;
    case Timing::optimistic:
    case Timing::optimistic_verified_prefix:
      return 4;
    case Timing::pessimistic:
      return 5;
  }
  return 0;
}

void timing(Choices& c, const Scenario& s) {
  const auto& v = s.verification;
  for (const auto& choice : timings())
    c.add(choice.value == v.timing, timing_label(choice.value),
          {fmt::format("verification.timing={}", choice.word)},
          strength(choice.value) < strength(v.timing));
  if (const auto k = v.boundary.every_tokens) {
    constexpr std::int64_t kFactor = 4;
    c.add(*k * kFactor > s.workload.output_tokens,
          fmt::format("boundary every {} tokens", *k * kFactor),
          {fmt::format("verification.boundary.every_tokens={}", *k * kFactor)}, true);
    c.add(*k < kFactor, fmt::format("boundary every {} tokens", *k / kFactor),
          {fmt::format("verification.boundary.every_tokens={}", *k / kFactor)});
  }
  if (v.timing == Timing::optimistic)
    c.add(false, "twice the workers and the window",
          {fmt::format("verification.workers={}", v.workers * 2),
           fmt::format("verification.window={}", v.window * 2)});
}

void evidence(Choices& c, const Scenario& s) {
  const auto& v = s.verification;
  const auto l = v.ledger.consistency;
  c.add(l == Consistency::cached_head || l == Consistency::none || l == Consistency::eventual ||
            l == Consistency::lease,
        "ledger head cached", {"verification.ledger.consistency=cached_head"}, true);
  c.add(v.quantize == verify::Quantize::int8_static, "hash INT8 codes",
        {"verification.quantize=int8_static"});
  c.add(v.payload.kind == verify::PayloadKind::new_kv, "hash only the boundary's own KV",
        {"verification.payload.kind=new_kv"}, true);
  c.add(v.hash.engine == HashEngine::gpu_tree || v.ledger.each_piece, "hash on the device",
        {"verification.hash.engine=gpu_tree"});
  c.add(v.hash.engine == HashEngine::cpu_blake3, "hash with BLAKE3",
        {"verification.hash.engine=cpu_blake3"});
  constexpr std::int64_t kPieces = 16;
  const bool copies =
      v.transfer.memory != verify::TransferMemory::none && v.hash.engine != HashEngine::gpu_tree;
  c.add(v.transfer.overlap || !copies, fmt::format("copy beside hashing, {} pieces", kPieces),
        {"verification.transfer.overlap=true",
         fmt::format("verification.transfer.pieces={}", kPieces)});
  c.add(v.transfer.memory != verify::TransferMemory::pageable, "pinned copies",
        {"verification.transfer.memory=pinned"});
}

// What agents may see of each other, and what becomes of their KV while they wait.
void sharing(Choices& c, const Scenario& s) {
  using recovery::OutputCommit;
  using recovery::Visibility;
  using serving::PausedKv;
  const auto& r = s.recovery;
  const auto visible = [&](Visibility v, const char* word, const char* label, bool weaker) {
    c.add(r.visibility == v, label, {fmt::format("recovery.visibility={}", word)}, weaker);
  };
  visible(Visibility::strict, "strict", "readers wait for verdicts", false);
  visible(Visibility::read_committed, "read_committed", "readers see verified versions", false);
  visible(Visibility::read_uncommitted, "read_uncommitted", "readers see unverified versions",
          true);
  const auto held = [&](OutputCommit o, const char* word, const char* label, bool weaker) {
    c.add(r.output_commit == o, label, {fmt::format("recovery.output_commit={}", word)}, weaker);
  };
  held(OutputCommit::hold_until_verified, "hold_until_verified", "hold every effect until verified",
       false);
  held(OutputCommit::release_and_compensate, "release_and_compensate",
       "release effects, compensate later", true);
  const auto paused = [&](PausedKv k, const char* word, const char* label) {
    c.add(s.workload.agents->paused_kv == k, label,
          {fmt::format("workload.agents.paused_kv={}", word)});
  };
  paused(PausedKv::keep, "keep", "keep the KV of waiting agents");
  paused(PausedKv::drop, "drop", "drop the KV of waiting agents");
  paused(PausedKv::swap, "swap", "swap the KV of waiting agents out");
}

}  // namespace

std::vector<Alternative> alternatives(const Scenario& s, const Metric& metric,
                                      const Baseline& baseline, const Evaluate& evaluate) {
  Choices c;
  kernels(c, s);
  if (s.verification.timing != Timing::none) {
    timing(c, s);
    evidence(c, s);
  }
  if (s.workload.agents) sharing(c, s);
  for (Alternative& a : c.all) {
    const Outcome o = evaluate(a.assignments);
    a.fits = o.fits;
    a.problem = o ? "" : o.problem.empty() ? "the metric is zero" : o.problem;
    if (o) a.speedup = metric.speed(o.value) / metric.speed(baseline.value);
  }
  std::stable_sort(c.all.begin(), c.all.end(), [](const Alternative& a, const Alternative& b) {
    return a.speedup > b.speedup;
  });
  return c.all;
}

}  // namespace fieldsim::system::explain
