#include "sim/system/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/system/agents/run.hpp"
#include "sim/system/analytic.hpp"
#include "sim/system/enclave.hpp"
#include "sim/system/generation.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/memory.hpp"
#include "sim/system/requests/run.hpp"
#include "sim/system/tile_program.hpp"
#include "sim/system/warnings.hpp"

namespace fieldsim::system {

using hardware::Account;
using hardware::Category;

Distribution distribution(std::vector<Duration> values) {
  Distribution d;
  if (values.empty()) return d;
  std::sort(values.begin(), values.end());
  long double sum = 0;
  for (Duration v : values) sum += static_cast<long double>(v.count());
  const auto n = values.size();
  const auto rank = [&](double p) {
    const auto i = static_cast<std::size_t>(std::ceil(p * static_cast<double>(n)));
    return seconds(values[std::max<std::size_t>(i, 1) - 1]);
  };
  d.mean = static_cast<double>(sum / static_cast<long double>(n) / 1e12L);
  d.p50 = rank(0.50);
  d.p90 = rank(0.90);
  d.p99 = rank(0.99);
  d.max = seconds(values.back());
  return d;
}

namespace {

double ratio(Duration a, Duration b) { return b.count() == 0 ? 0.0 : seconds(a) / seconds(b); }

std::vector<Duration> intervals(const std::vector<Time>& at, Time from) {
  std::vector<Duration> d;
  d.reserve(at.size());
  for (Time t : at) {
    d.push_back(t - from);
    from = t;
  }
  return d;
}

// The resource that most of the critical path waits for.
std::string bound_resource(const Account& spent, const Scenario& s, const Phase& decode,
                           const Machine& m) {
  std::string name = "generation";
  Duration most;
  const auto offer = [&](const char* who, Duration d) {
    if (d > most) {
      most = d;
      name = who;
    }
  };
  const Duration device =
      spent[Category::weights] + spent[Category::attention] + spent[Category::anchors];
  const Duration moving = time_for(decode.totals.hbm, m.device.bandwidth());
  offer(moving >= arithmetic_time(s, decode.totals) ? "hbm" : "compute", device);
  offer("launch", spent[Category::launch]);
  offer("host", spent[Category::host] + spent[Category::sync]);
  offer("assumed step", spent[Category::assumed]);
  offer("link.to_host", spent[Category::transfer]);
  offer("host.hash", spent[Category::hash] + spent[Category::quantize]);
  offer("ledger", spent[Category::ledger]);
  offer("checkpoint", spent[Category::checkpoint]);
  offer("enclave", spent[Category::enclave]);
  offer("verifier", spent[Category::stall] + spent[Category::check]);
  offer("evidence", spent[Category::evidence]);
  offer("rollback", spent[Category::rollback]);
  return name;
}

// Linear between idle and sustained power with the busier of memory and arithmetic; a host core
// draws its share while it hashes. An assumption: see docs/model.md, "Energy".
double energy_per_token(const Scenario& s, const SessionLog& log, const Snapshot& begin,
                        const Snapshot& end, Duration hashing) {
  const Duration elapsed = log.drained - log.decode_began;
  // A pinned step is taken to keep the device busy.
  const Duration busy =
      std::min(elapsed, std::max(end.hbm - begin.hbm, end.compute - begin.compute) +
                            log.decode[Category::assumed]);
  const auto& p = s.hardware.gpu.power;
  const Energy device = p.idle * elapsed + (p.busy - p.idle) * busy;
  const auto& core = s.hardware.host.power;
  const Energy host = core.busy * hashing;
  const auto tokens =
      static_cast<double>(log.token_at.size()) * static_cast<double>(s.workload.batch);
  return tokens == 0 ? 0 : joules(device + host) / tokens;
}

RecoveryResult recovery_result(const SessionLog& log) {
  RecoveryResult r;
  r.rollbacks = log.rollbacks;
  r.discarded_tokens = log.discarded.tokens;
  r.aborted = log.aborted;
  r.output_commit = distribution(log.output_commit);
  r.degraded = log.degraded;
  r.generated = log.generated;
  r.committed = log.committed;
  r.discarded = log.discarded;
  r.in_flight = log.in_flight;
  r.escaped_tokens = log.escaped_tokens;
  r.tolerated = log.tolerated;
  r.retries = log.retries;
  r.refetches = log.refetches;
  r.salvaged_tokens = log.salvaged_tokens;
  r.reprefilled_tokens = log.reprefilled_tokens;
  r.compensations = log.compensations;
  r.failed_compensations = log.failed_compensations;
  r.crashes = log.crashes;
  r.repairing = log.repairing;
  r.checkpointed = log.checkpointed;
  return r;
}

VerificationResult verification_result(const SessionLog& log, const verify::Verifier& verifier,
                                       std::int64_t workers) {
  VerificationResult v;
  v.boundaries = log.boundaries;
  v.checks = log.verdicts;
  v.failures = log.failures;
  v.payload_bytes = log.payload;
  v.latency = distribution(log.check_latency);
  if (log.verdicts > 0)
    for (std::size_t i = 0; i < hardware::kCategories; ++i) {
      const auto c = static_cast<Category>(i);
      v.spent.add(c, log.checks[c] / log.verdicts);
    }
  v.service_s = distribution(log.check_service).mean;
  const Duration elapsed = log.drained - log.decode_began;
  // In floating point: thousands of verifiers have more time than 64 bits of ps hold.
  if (elapsed.count() > 0)
    v.utilization = seconds(verifier.busy() - log.verifier_at_decode) /
                    (seconds(elapsed) * static_cast<double>(workers));
  if (elapsed.count() > 0)
    v.exposure_mean =
        static_cast<double>(log.exposure_token_ps / static_cast<long double>(elapsed.count()));
  v.exposure_max = log.exposure_max;
  if (!log.token_at.empty())
    v.exposure_s = static_cast<double>(log.exposure_token_ps / 1e12L) /
                   static_cast<double>(log.token_at.size());
  v.window_max = log.window_max;
  v.false_positives = log.false_positives;
  v.evidence = log.evidence;
  v.proving = log.proving;
  v.unseen = log.unseen;
  v.revoked_boundaries = log.revoked_boundaries;
  v.restarted_checks = verifier.restarted();
  const verify::Ledger& ledger = verifier.ledger();
  v.lies_accepted = ledger.lies_accepted();
  v.lies_noticed = ledger.lies_noticed();
  v.old_heads = ledger.opened();
  v.partition_wait = ledger.partition_wait();
  return v;
}

}  // namespace

Result simulate(const Scenario& s, des::TraceSink* trace, hardware::TaskLog* tasks) {
  if (s.workload.agents) {
    if (tasks != nullptr)
      throw ConfigError({}, "workload.agents",
                        "an agents run keeps no task log: explain takes a chat, see compare");
    return simulate_agents(s, trace);
  }
  if (s.workload.requests) {
    if (tasks != nullptr)
      throw ConfigError({}, "workload.requests",
                        "a run of requests keeps no task log: explain takes a chat, see compare");
    return simulate_requests(s, trace);
  }
  if (s.fidelity == Fidelity::analytic) return analyze(s);
  const hardware::HardwareParams hardware = effective_hardware(s);
  const auto wall = std::chrono::steady_clock::now();
  des::Engine engine(s.seed);
  engine.set_trace(trace);
  Machine machine(engine, hardware);
  machine.tasks = tasks;
  ProgramBuilder programs(s);
  Session session(machine, s, programs);
  // What an exception leaves waiting goes before what it waits for.
  struct Abandon {
    des::Engine& engine;
    ~Abandon() { engine.abandon(); }
  } const abandon{engine};
  engine.spawn(session.run(), "session");
  engine.run();
  const des::Blocked blocked = engine.blocked();
  SIM_CHECK(blocked.count == 0, blocked.str());
  const SessionLog& log = session.log();
  if (!log.cannot.empty())
    throw ConfigError({}, "recovery.retained",
                      "does not hold what the run must keep until a verdict: " + log.cannot +
                          "; take a smaller boundary or window, overflow: throttle, or another "
                          "recovery.checkpoint");

  Result r;
  const Snapshot begin = log.at_decode, end = snapshot(machine);
  r.tokens = static_cast<std::int64_t>(log.token_at.size());
  r.batch = s.workload.batch;
  r.decode = log.decode_ended - log.decode_began;
  r.drain = log.drained - log.decode_ended;
  r.total = log.drained - Time::zero();
  if (!log.token_at.empty()) r.ttft = log.token_at.front() - Time::zero();
  const double tokens = static_cast<double>(r.tokens * r.batch);
  if (r.decode.count() > 0) {
    r.tokens_per_s = tokens / seconds(r.decode);
    r.committed_tokens_per_s = tokens / seconds(r.decode + r.drain);
    r.goodput = static_cast<double>((r.tokens - log.escaped_tokens) * r.batch) /
                seconds(r.decode + r.drain);
  }
  r.tpot = distribution(intervals(log.token_at, log.decode_began));
  r.breakdown = log.decode;
  r.prefill = {log.decode_began - Time::zero(), log.prefill_totals, log.prefill};
  r.decode_phase = {r.decode, log.decode_totals, log.decode};
  r.verification = verification_result(log, session.verifier(), s.verification.workers);
  r.recovery = recovery_result(log);
  r.memory = memory_use(s, programs, log.retained_peak,
                        std::max(log.prefill_totals.workspace, log.decode_totals.workspace));
  if (const auto& anchors = session.anchors()) {
    r.anchors = {anchors->stats(), log.anchors_ready - Time::zero(), log.anchors};
    r.memory.total += anchors->resident() - r.memory.anchors;
    r.memory.anchors = anchors->resident();
    r.memory.fits = r.memory.total <= r.memory.capacity;
  }
  const Duration hashing = end.hashing - begin.hashing;
  r.energy_j_per_token = energy_per_token(s, log, begin, end, hashing);

  const Duration elapsed = log.drained - log.decode_began;
  const std::string bound = bound_resource(log.decode, s, r.decode_phase, machine);
  const auto use = [&](const std::string& name, Bytes bytes, Duration busy) {
    r.resources.push_back({name, bytes, busy, ratio(busy, elapsed), name == bound});
  };
  use("hbm", end.hbm_bytes - begin.hbm_bytes, end.hbm - begin.hbm);
  use("compute", Bytes::zero(), end.compute - begin.compute);
  use("link.to_host", end.to_host_bytes - begin.to_host_bytes, end.to_host - begin.to_host);
  use("link.to_device", end.to_device_bytes - begin.to_device_bytes,
      end.to_device - begin.to_device);
  use("host.memory", end.host_bytes - begin.host_bytes, end.host_memory - begin.host_memory);
  // Cores that verification may use at once.
  const std::int64_t hashers =
      std::min(s.hardware.host.cores, s.verification.hash.threads * s.verification.workers);
  use("host.hash", end.hashed - begin.hashed, hashing / hashers);
  use("verifier", Bytes::zero(),
      (session.verifier().busy() - log.verifier_at_decode) / s.verification.workers);
  // A worker has one read under way at most.
  use("ledger", Bytes::zero(),
      (session.verifier().ledger().busy() - log.ledger_at_decode) / s.verification.workers);
  if (std::none_of(r.resources.begin(), r.resources.end(), [](const auto& u) { return u.bound; }))
    r.resources.push_back({bound, Bytes::zero(), elapsed, 1.0, true});

  r.simulation.events = engine.events();
  r.simulation.fingerprint = engine.fingerprint();
  r.simulation.kernels_elided = machine.device.kernels_elided();
  r.warnings = warnings(s, r);
  r.simulation.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  return r;
}

}  // namespace fieldsim::system
