#include "sim/system/analytic.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/system/analytic_check.hpp"
#include "sim/system/analytic_recovery.hpp"
#include "sim/system/applies.hpp"
#include "sim/system/enclave.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/memory.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/system/warnings.hpp"

namespace fieldsim::system {

using hardware::Account;
using hardware::Category;
using hardware::pcie::Direction;
using verify::HashEngine;
using verify::Timing;
using verify::TransferMemory;

namespace {

constexpr Bytes kTokenId = Bytes::raw(4);

struct Steps {
  Account spent;      // of one decode step, mean over the output
  StepTotals totals;  // of that step
};

Steps decode_steps(const Scenario& s, Machine& m, ProgramBuilder& programs) {
  Steps out;
  if (s.workload.decode_step) {
    out.spent.add(Category::assumed, *s.workload.decode_step);
    return out;
  }
  const Duration gap = s.workload.launch == LaunchMode::graph ? s.hardware.gpu.launch.graph
                                                              : s.hardware.gpu.launch.eager;
  // Every cost of a step is linear in the context, but for page and split steps: the middle stands
  // for all.
  const std::int64_t middle = s.workload.prompt_tokens + (s.workload.output_tokens + 1) / 2;
  // But the workspace of split attention, whose largest counts.
  Bytes workspace;
  for (const std::int64_t tokens : {std::int64_t{1}, s.workload.output_tokens}) {
    programs.decode(s.workload.prompt_tokens + tokens);
    workspace = std::max(workspace, programs.totals().workspace);
  }
  const auto& program = programs.decode(middle);
  for (const auto& segment : program.segments)
    for (const auto& k : segment.kernels) {
      const Duration body = m.device.body_alone(k) * segment.repeat;
      const Duration anchors =
          k.hbm == Bytes::zero()
              ? Duration::zero()
              : Duration::raw(detail::narrow(static_cast<int128>(body.count()) *
                                             k.hbm_anchors.count() / k.hbm.count()));
      out.spent.add(Category::launch, gap * (k.launches * segment.repeat));
      out.spent.add(Category::anchors, anchors);
      out.spent.add(k.category, body - anchors);
    }
  out.spent.add(Category::host, s.hardware.host.step_overhead);
  out.totals = programs.totals();
  out.totals.workspace = std::max(out.totals.workspace, workspace);
  return out;
}

Phase prefill_phase(const Scenario& s, Machine& m, ProgramBuilder& programs) {
  Phase p;
  if (s.workload.prefill) {
    p.time = *s.workload.prefill;
    p.spent.add(Category::assumed, p.time);
    return p;
  }
  const hardware::gpu::Stream stream(m.device, "prefill", {.gap = s.hardware.gpu.launch.eager});
  for (std::int64_t before = 0; before < s.workload.prompt_tokens;) {
    const std::int64_t tokens =
        std::min(s.workload.prefill_chunk, s.workload.prompt_tokens - before);
    p.time +=
        stream.alone(programs.prefill(tokens, before, before + tokens == s.workload.prompt_tokens));
    p.totals += programs.totals();
    before += tokens;
  }
  return p;
}

}  // namespace

namespace {

// Device memory, arithmetic and link as shares of the decode phase, and the energy they draw.
void use_resources(const Scenario& s, const Machine& m, Result& r) {
  const Duration elapsed = r.decode + r.drain;
  const auto share = [&](Duration d) {
    return elapsed.count() == 0 ? 0.0 : seconds(d) / seconds(elapsed);
  };
  const Duration hbm = time_for(r.decode_phase.totals.hbm, m.device.bandwidth());
  const Duration arithmetic = arithmetic_time(s, r.decode_phase.totals);
  const bool crosses = s.verification.timing != Timing::on_load &&
                       s.verification.hash.engine != HashEngine::gpu_tree &&
                       s.verification.transfer.memory != TransferMemory::none;
  const Bytes codes = s.verification.quantize == verify::Quantize::int8_static
                          ? r.verification.payload_bytes / kFp16Bytes
                          : r.verification.payload_bytes;
  const Bytes moved = crosses ? codes : Bytes::zero();
  const Duration wire = time_for(moved, m.link.rate(Direction::to_host));
  r.resources = {{"hbm", r.decode_phase.totals.hbm, hbm, share(hbm), hbm >= arithmetic},
                 {"compute", Bytes::zero(), arithmetic, share(arithmetic), hbm < arithmetic},
                 {"link.to_host", moved, wire, share(wire), false}};
  const auto& p = s.hardware.gpu.power;
  const Duration busy =
      std::min(elapsed, std::max(hbm, arithmetic) + r.breakdown[Category::assumed]);
  const Duration hashing =
      crosses ? r.verification.spent[Category::hash] * r.verification.checks : Duration::zero();
  const Energy total = p.idle * elapsed + (p.busy - p.idle) * busy +
                       s.hardware.host.power.busy * hashing * s.verification.hash.threads;
  r.energy_j_per_token = joules(total) / static_cast<double>(r.tokens * r.batch);
}

}  // namespace

Account check_time(const Scenario& s, Bytes payload) {
  return hash_time(s, payload, s.verification.ledger.max_age);
}

Result analyze(const Scenario& s) {
  const auto wall = std::chrono::steady_clock::now();
  if (auto problems = beyond_closed_forms(s); !problems.empty())
    throw ConfigError(std::move(problems));
  des::Engine engine(s.seed);
  const hardware::HardwareParams hardware = effective_hardware(s);
  Machine machine(engine, hardware);
  ProgramBuilder programs(s);
  const auto& v = s.verification;
  const bool pessimistic = v.timing == Timing::pessimistic;
  const bool on_load = v.timing == Timing::on_load;  // one check, whose ledger read is the first
  const bool enclave = v.timing == Timing::attested_tee;
  const bool behind = v.timing != Timing::none && !pessimistic && !on_load && !enclave;

  Result r;
  r.batch = s.workload.batch;
  r.tokens = s.workload.output_tokens;
  r.prefill = prefill_phase(s, machine, programs);
  Steps steps = decode_steps(s, machine, programs);
  const Duration proving = evidence_time(s, steps.spent.total(), false);
  if (enclave)
    steps.spent.add(Category::enclave, scaled(steps.spent.total(), v.tee.compute_overhead));
  steps.spent.add(Category::evidence, proving);
  const Duration step = steps.spent.total();
  const Bytes kv = programs.kv_bytes_per_token() * s.workload.batch;
  const std::int64_t k = std::min(r.tokens, tokens_per_boundary(s, step, kv));
  const Duration C = s.recovery.checkpoint_cost;
  const Duration T = step * k + C;
  verify::Check planned;
  CheckPlanner(s).plan(planned, s.workload.prompt_tokens + ((r.tokens + k - 1) / k - 1) / 2 * k,
                       on_load ? 0 : k);
  const Account check = check_time(s, planned, on_load ? v.ledger.max_age : T);
  const bool checks = v.timing != Timing::none && !enclave;
  Duration V = checks ? check.total() : Duration::zero();
  const Expected e = expected(s, k, step, pessimistic ? T + V : T);
  const std::int64_t n = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(r.tokens) / std::min(e.kept, static_cast<double>(r.tokens))));

  // Critical path of all tokens, by category.
  for (std::size_t i = 0; i < hardware::kCategories; ++i) {
    const auto c = static_cast<Category>(i);
    r.breakdown.add(c, steps.spent[c] * r.tokens);
    if (pessimistic) r.breakdown.add(c, check[c] * n);
  }
  r.breakdown.add(Category::checkpoint, C * n);
  if (enclave) {
    r.breakdown.add(Category::enclave, copy_time(s, kTokenId * (k * r.batch), false) * n);
    r.prefill.time += v.tee.attestation;
  }
  if (on_load) {
    r.breakdown.add(Category::transfer, copy_time(s, kDigest, false) * n);
    r.breakdown.add(Category::sync, synchronize(s) * n);
    r.prefill.time += V;
    if (v.on_load.ttl) {
      const std::int64_t renewals = r.breakdown.total() / *v.on_load.ttl;
      for (std::size_t i = 0; i < hardware::kCategories; ++i)
        r.breakdown.add(static_cast<Category>(i), check[static_cast<Category>(i)] * renewals);
      r.breakdown.add(Category::transfer, s.recovery.retry.refetch_time * renewals);
    }
  }
  Duration undone = V;  // from the end of a bad boundary to its verdict
  if (v.timing == Timing::challenge_window) {
    undone = v.challenge.window / 2 + V;  // a challenge comes at any moment
    V = v.challenge.window;
  }
  Duration latency = V;  // boundary closed to verdict
  if (behind) {
    // Bounded window and verifier capacity: a boundary starts no sooner than max of the three.
    const Duration busy = scaled(check.total(), e.checks / (1 + e.failed));
    const Duration pace = std::max({T, (T + V) / v.window, busy / v.workers});
    // The first boundaries fill the window without waiting.
    const std::int64_t held = std::max<std::int64_t>(0, n - v.window);
    r.breakdown.add(Category::stall, (pace - T) * held);
    // Behind a full window a boundary also waits for those before it (Little's law).
    if (pace > T && held > 0) latency = std::max(V, pace * v.window - T);
  }
  const Duration finalize =
      v.scheme ? verify::finalize_time(v.scheme->prover, r.tokens * r.batch) : Duration::zero();
  r.breakdown.add(Category::evidence, finalize);
  // Of a window whose prefix is kept, only the rest is lost; its verdict was waited for above.
  const bool prefix =
      v.timing == Timing::optimistic_verified_prefix && e.kept < static_cast<double>(k);
  const Duration fetch = s.recovery.retry.refetch == recovery::Refetch::replica
                             ? s.recovery.retry.refetch_time
                             : Duration::zero();
  const Duration lost = T + undone + s.recovery.truncate + fetch;
  if (prefix)
    r.breakdown.add(Category::rollback, scaled(s.recovery.truncate * n, e.failed) +
                                            scaled(step * n, static_cast<double>(k) - e.kept));
  else
    r.breakdown.add(Category::rollback, scaled(lost * n, e.failed));
  r.breakdown.add(Category::rollback, e.crashes * n);

  r.decode = r.breakdown.total();
  r.drain = behind ? V : Duration::zero();
  r.total = r.prefill.time + r.decode + r.drain;
  r.ttft = r.prefill.time + step + (pessimistic && k == 1 ? V : Duration::zero());
  const double tokens = static_cast<double>(r.tokens * r.batch);
  r.tokens_per_s = tokens / seconds(r.decode);
  r.committed_tokens_per_s = tokens / seconds(r.decode + r.drain);
  r.recovery.escaped_tokens = static_cast<std::int64_t>(e.escaped * static_cast<double>(n));
  r.recovery.discarded_tokens =
      static_cast<std::int64_t>(prefix ? (static_cast<double>(k) - e.kept) * static_cast<double>(n)
                                       : e.failed * static_cast<double>(k * n) *
                                             (behind ? 1 + seconds(undone) / seconds(T) : 1));
  r.goodput = r.committed_tokens_per_s *
              (1 - static_cast<double>(r.recovery.escaped_tokens) / static_cast<double>(r.tokens));
  const double mean = seconds(r.decode) / static_cast<double>(r.tokens);
  // All tokens but the last, behind which the response is finalised.
  const double each = seconds(r.decode - finalize) / static_cast<double>(r.tokens);
  r.tpot = {mean, each, each, each, each + seconds(finalize)};
  r.decode_phase.time = r.decode;
  r.decode_phase.totals = steps.totals * r.tokens;
  r.decode_phase.spent = r.breakdown;
  const recovery::Context context{kv, s.workload.prompt_tokens + r.tokens, s.attention.page_tokens,
                                  r.batch};
  const bool waits = behind || pessimistic;
  r.memory = memory_use(
      s, programs,
      waits ? recovery::retained(s.recovery.checkpoint, context, k, 1) : recovery::Retained{},
      std::max(r.prefill.totals.workspace, steps.totals.workspace));
  r.verification.boundaries = v.timing == Timing::none ? 0 : n;
  r.verification.checks = on_load ? 1 : std::llround(e.checks * static_cast<double>(n));
  const double late = seconds(latency);
  r.verification.latency = {late, late, late, late, late};
  r.verification.spent = checks ? check : Account();
  r.verification.service_s = checks ? seconds(check.total()) : 0;
  if (behind) {
    r.verification.utilization = std::min(
        1.0, seconds(check.total()) * e.checks / (seconds(T) * static_cast<double>(v.workers)));
    r.verification.exposure_mean = (seconds(V) + seconds(T) / 2) / seconds(step);
  }
  r.verification.payload_bytes = planned.payload * r.verification.checks;
  r.verification.evidence = planned.evidence * r.verification.checks;
  r.verification.proving = r.breakdown[Category::evidence];
  if (behind) {
    const double commit =
        late + seconds(T - step) / 2;  // a boundary's tokens wait for its last one
    r.recovery.output_commit = {commit, commit, commit, commit, commit};
    r.verification.exposure_max = k + static_cast<std::int64_t>(seconds(latency) / seconds(step));
    r.verification.window_max = v.window;
  }
  use_resources(s, machine, r);
  r.warnings = warnings(s, r);
  r.simulation.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  return r;
}

}  // namespace fieldsim::system
