// Policies that could be chosen instead of the scenario's own.
#include <fmt/format.h>

#include <algorithm>

#include "sim/system/explain/speedup.hpp"

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

void timings(Choices& c, const Scenario& s) {
  const auto& v = s.verification;
  c.add(v.timing == Timing::optimistic, "verify behind generation",
        {"verification.timing=optimistic"}, true);
  c.add(v.timing == Timing::pessimistic, "verify before each release (stop and wait)",
        {"verification.timing=pessimistic"});
  c.add(v.timing == Timing::on_load, "verify once, on load", {"verification.timing=on_load"}, true);
  c.add(false, "no verification", {"verification.timing=none"}, true);
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

}  // namespace

std::vector<Alternative> alternatives(const Scenario& s, const Metric& metric,
                                      const Baseline& baseline, const Evaluate& evaluate) {
  Choices c;
  kernels(c, s);
  if (s.verification.timing != Timing::none) {
    timings(c, s);
    evidence(c, s);
  }
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
