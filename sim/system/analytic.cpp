#include "sim/system/analytic.hpp"

#include <algorithm>
#include <chrono>

#include "sim/base/error.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/memory.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/system/warnings.hpp"
#include "sim/verify/ledger.hpp"
#include "sim/verify/tree.hpp"

namespace fieldsim::system {

using hardware::Account;
using hardware::Category;
using hardware::pcie::Direction;
using verify::Consistency;
using verify::HashEngine;
using verify::Timing;
using verify::TransferMemory;

namespace {

constexpr std::int64_t kFp16Bytes = 2;     // an element before static INT8
constexpr Bytes kDigest = Bytes::raw(32);  // SHA-256

// One read, amortised over the reads that share a cached head.
Account ledger_time(const Scenario& s, Duration between_reads) {
  const auto& p = s.verification.ledger;
  const auto& host = s.hardware.host;
  Account a;
  if (p.consistency == Consistency::none) return a;
  a.add(Category::hash, host.merkle_node * verify::path_length(p.entries));
  const bool cached =
      p.consistency == Consistency::cached_head || p.consistency == Consistency::lease;
  if (p.consistency == Consistency::eventual) return a;
  const double trips = cached ? std::min(1.0, seconds(between_reads) / seconds(p.max_age)) : 1.0;
  Duration trip = p.round_trip;
  if (p.consistency == Consistency::linearizable) trip += p.commit;
  a.add(Category::ledger, scaled(trip, trips));
  const std::int64_t signatures = p.consistency == Consistency::quorum        ? p.cosigners
                                  : p.consistency == Consistency::cached_head ? 1
                                                                              : 0;
  a.add(Category::hash, scaled(host.signature_verify * signatures, trips));
  return a;
}

Duration synchronize(const Scenario& s) {
  return s.verification.transfer.synchronize.value_or(s.hardware.gpu.launch.synchronize);
}

Duration copy_time(const Scenario& s, Bytes bytes, bool pageable) {
  const auto& link = s.hardware.link;
  BytesPerSecond rate = payload_rate(link, Direction::to_host);
  if (pageable) rate = std::min(rate, s.hardware.host.pageable_copy);
  return link.submit + link.dma_start +
         (bytes > Bytes::zero() ? time_for(bytes, rate) : Duration::zero());
}

hardware::HashParams hash_params(const Scenario& s) {
  const auto& host = s.hardware.host;
  if (s.verification.hash.engine == HashEngine::cpu_blake3) return host.blake3;
  if (s.verification.hash.engine == HashEngine::cpu_interpreted) return host.interpreted;
  return host.sha_ni ? host.sha256 : host.sha256_plain;
}

Account hash_time(const Scenario& s, Bytes payload, Duration between) {
  const auto& v = s.verification;
  Account a;
  Bytes codes = payload;
  des::Engine engine(s.seed);
  hardware::gpu::Device device(engine, s.hardware.gpu);
  const Duration gap = s.hardware.gpu.launch.eager;
  if (v.quantize == verify::Quantize::int8_static) {
    codes = payload / kFp16Bytes;
    hardware::gpu::Kernel k;
    k.hbm = payload + codes;
    a.add(Category::quantize, gap + device.body_alone(k));
  }
  if (v.hash.engine == HashEngine::gpu_tree) {
    a.add(Category::hash, gap + device.body_alone(verify::tree_hash_kernel(s.hardware.gpu.tree_hash,
                                                                           codes, v.hash.leaf)));
    a.add(Category::transfer, copy_time(s, kDigest, false));
    a.add(Category::sync, synchronize(s));
    a += ledger_time(s, between);
    return a;
  }
  const std::int64_t n = v.transfer.pieces;
  const hardware::HashParams h = hash_params(s);
  const std::int64_t threads = std::min(v.hash.threads, s.hardware.host.cores);
  const Duration hash = h.per_call * n + time_for(codes, h.rate * threads);
  Duration copy;
  if (v.transfer.memory != TransferMemory::none) {
    const bool pageable = v.transfer.memory == TransferMemory::pageable;
    copy = copy_time(s, codes, pageable) + (copy_time(s, Bytes::zero(), pageable) * (n - 1));
    a.add(Category::sync, synchronize(s) * (v.transfer.overlap ? 1 : n));
  }
  if (v.transfer.overlap) {
    // A pipeline of two stages: one piece of the shorter stage is not hidden.
    copy = copy - s.hardware.link.submit * (n - 1);
    const Duration hidden = std::min(hash, copy) - std::min(hash, copy) / n;
    a.add(Category::hash, hash);
    a.add(Category::transfer, copy - hidden);
  } else {
    a.add(Category::hash, hash);
    a.add(Category::transfer, copy);
  }
  const std::int64_t reads = v.ledger.each_piece ? n : 1;
  for (std::int64_t i = 0; i < reads; ++i) a += ledger_time(s, between / reads);
  return a;
}

// The stages of Verifier::run, with every part idle.
Account check_time(const Scenario& s, const verify::Check& c, Duration between) {
  Account a;
  if (!s.verification.scheme || verify::hashes(s.verification.scheme->kind))
    a = hash_time(s, c.payload, between);
  else
    a = ledger_time(s, between);
  if (c.evidence > Bytes::zero()) {
    a.add(Category::transfer, copy_time(s, c.evidence, false));
    a.add(Category::sync, synchronize(s));
  }
  a += judge_time(s, c);
  return a;
}

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

std::int64_t tokens_per_boundary(const Scenario& s, Duration step, Bytes kv) {
  const auto& b = s.verification.boundary;
  const auto up = [](std::int64_t a, std::int64_t n) {
    return std::max<std::int64_t>(1, (a + n - 1) / n);
  };
  if (b.every_tokens) return *b.every_tokens;
  if (b.every) return up(b.every->count(), std::max<std::int64_t>(1, step.count()));
  return up(b.dirty_bytes->count(), std::max<std::int64_t>(1, kv.count()));
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
  const auto& compute = s.hardware.gpu.compute;
  const Duration arithmetic =
      time_for(r.decode_phase.totals.flops, scaled(compute.fp16, compute.achieved));
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
  des::Engine engine(s.seed);
  Machine machine(engine, s.hardware);
  ProgramBuilder programs(s);
  const auto& v = s.verification;
  const bool pessimistic = v.timing == Timing::pessimistic;
  const bool optimistic = v.timing == Timing::optimistic;

  Result r;
  r.batch = s.workload.batch;
  r.tokens = s.workload.output_tokens;
  r.prefill = prefill_phase(s, machine, programs);
  Steps steps = decode_steps(s, machine, programs);
  const Duration proving = evidence_time(s, steps.spent.total(), false);
  steps.spent.add(Category::evidence, proving);
  const Duration step = steps.spent.total();
  const Bytes kv = programs.kv_bytes_per_token() * s.workload.batch;
  const std::int64_t k = std::min(r.tokens, tokens_per_boundary(s, step, kv));
  const std::int64_t n = (r.tokens + k - 1) / k;
  const Duration T = step * k;
  const bool on_load = v.timing == Timing::on_load;  // one check, whose ledger read is the first
  verify::Check planned;
  CheckPlanner(s).plan(planned, s.workload.prompt_tokens + (n - 1) / 2 * k, on_load ? 0 : k);
  const Account check = check_time(s, planned, on_load ? v.ledger.max_age : T);
  const Duration V = v.timing == Timing::none ? Duration::zero() : check.total();
  const double noisy = s.faults.noise ? noise(s, k).mismatch : 0.0;
  const double p =
      optimistic || pessimistic ? 1 - (1 - s.faults.verdict_failure) * (1 - noisy) : 0.0;
  // A certain failure aborts; its expectation has no finite value.
  const double odds = p < 1.0 ? p / (1.0 - p) : static_cast<double>(s.recovery.retry_limit);

  // Critical path of all tokens, by category.
  for (std::size_t i = 0; i < hardware::kCategories; ++i) {
    const auto c = static_cast<Category>(i);
    r.breakdown.add(c, steps.spent[c] * r.tokens);
    if (pessimistic) r.breakdown.add(c, check[c] * n);
  }
  if (on_load) {
    r.breakdown.add(Category::transfer, copy_time(s, kDigest, false) * n);
    r.breakdown.add(Category::sync, synchronize(s) * n);
    r.prefill.time += V;
  }
  Duration latency = V;  // boundary closed to verdict
  if (optimistic) {
    // Bounded window and verifier capacity: a boundary starts no sooner than max of the three.
    const Duration pace = std::max({T, (T + V) / v.window, V / v.workers});
    // The first boundaries fill the window without waiting.
    const std::int64_t held = std::max<std::int64_t>(0, n - v.window);
    r.breakdown.add(Category::stall, (pace - T) * held);
    // Behind a full window a boundary also waits for those before it (Little's law).
    if (pace > T && held > 0) latency = std::max(V, pace * v.window - T);
  }
  if (v.scheme) r.breakdown.add(Category::evidence, v.scheme->prover.finalize);
  const Duration lost = T + V + s.recovery.truncate;
  r.breakdown.add(Category::rollback, scaled(lost * n, odds));

  r.decode = r.breakdown.total();
  r.drain = optimistic ? V : Duration::zero();
  r.total = r.prefill.time + r.decode + r.drain;
  r.ttft = r.prefill.time + step + (pessimistic && k == 1 ? V : Duration::zero());
  const double tokens = static_cast<double>(r.tokens * r.batch);
  r.tokens_per_s = tokens / seconds(r.decode);
  r.committed_tokens_per_s = tokens / seconds(r.decode + r.drain);
  const double mean = seconds(r.decode) / static_cast<double>(r.tokens);
  r.tpot = {mean, mean, mean, mean, mean};
  r.decode_phase.time = r.decode;
  r.decode_phase.totals = steps.totals * r.tokens;
  r.decode_phase.spent = r.breakdown;
  r.memory = memory_use(s, programs, optimistic || pessimistic ? k : 0,
                        std::max(r.prefill.totals.workspace, steps.totals.workspace));
  r.verification.boundaries = v.timing == Timing::none ? 0 : n;
  r.verification.checks = on_load ? 1 : r.verification.boundaries;
  const double late = seconds(latency);
  r.verification.latency = {late, late, late, late, late};
  r.verification.spent = v.timing == Timing::none ? Account() : check;
  r.verification.service_s = seconds(V);
  if (optimistic) {
    r.verification.utilization =
        std::min(1.0, seconds(V) / (seconds(T) * static_cast<double>(v.workers)));
    r.verification.exposure_mean = (seconds(V) + seconds(T) / 2) / seconds(step);
  }
  r.verification.payload_bytes = planned.payload * r.verification.checks;
  r.verification.evidence = planned.evidence * r.verification.checks;
  r.verification.proving = r.breakdown[Category::evidence];
  if (optimistic) {
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
