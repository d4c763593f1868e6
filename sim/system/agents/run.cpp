#include "sim/system/agents/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/pcie/link.hpp"
#include "sim/serving/agents/world.hpp"
#include "sim/system/agents/tables.hpp"
#include "sim/system/analytic.hpp"
#include "sim/system/memory.hpp"
#include "sim/system/warnings.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::pcie::Direction;
using serving::AgentsSetup;
using serving::AgentsStatistics;
using serving::Weighted;

namespace {

// Percentiles by nearest rank of values that stand for many tokens.
Distribution weighted(std::vector<Weighted> values) {
  Distribution d;
  std::sort(values.begin(), values.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  long double sum = 0, weight = 0;
  for (const Weighted& v : values) {
    sum += static_cast<long double>(v.value.count()) * static_cast<long double>(v.weight);
    weight += static_cast<long double>(v.weight);
  }
  if (weight <= 0) return d;
  d.mean = static_cast<double>(sum / weight / 1e12L);
  d.max = seconds(values.back().value);
  const std::pair<double, double Distribution::*> ranks[] = {
      {0.50, &Distribution::p50}, {0.90, &Distribution::p90}, {0.99, &Distribution::p99}};
  long double seen = 0;
  std::size_t i = 0;
  for (const auto& [share, member] : ranks) {
    while (i + 1 < values.size() &&
           seen + static_cast<long double>(values[i].weight) < share * weight)
      seen += static_cast<long double>(values[i++].weight);
    d.*member = seconds(values[i].value);
  }
  return d;
}

AgentsSetup setup_of(const Scenario& s, const ProgramBuilder& programs, double& table_error) {
  AgentsSetup a;
  a.agents = *s.workload.agents;
  a.verification = s.verification;
  a.faults = s.faults;
  a.recovery = s.recovery;
  a.seed = s.seed;
  a.prefill_chunk = s.workload.prefill_chunk;
  a.busy = s.hardware.gpu.power.busy;
  a.kv_per_token = programs.kv_bytes_per_token();
  a.anchors = programs.anchor_bytes();
  a.pool.block_tokens = s.attention.page_tokens;
  a.pool.block_bytes = a.kv_per_token * a.pool.block_tokens;
  const Bytes left = s.hardware.gpu.hbm.capacity - programs.weight_bytes() - a.anchors;
  a.pool.device_blocks = std::max<std::int64_t>(0, left / a.pool.block_bytes);
  if (a.agents.paused_kv == serving::PausedKv::swap)
    a.pool.host_blocks = a.agents.host_kv / a.pool.block_bytes;
  const std::int64_t room = a.pool.device_blocks * a.pool.block_tokens;
  const std::int64_t most = std::max(a.agents.context_tokens, a.agents.context_limit);
  if (room < 2 * most)
    throw ConfigError(
        {}, "workload.agents.context_limit",
        fmt::format("the device has room for {} KV tokens beside weights and anchors; "
                    "an agent of up to {} tokens needs twice that to grow in",
                    room, most));
  const Direction up = Direction::to_device, down = Direction::to_host;
  a.to_host = hardware::pcie::payload_rate(s.hardware.link, down);
  a.to_device = hardware::pcie::payload_rate(s.hardware.link, up);
  a.device_memory = hardware::gpu::effective_bandwidth(s.hardware.gpu.hbm);
  a.anchor_checked = s.verification.payload.kind == verify::PayloadKind::anchor_kv &&
                     s.attention.anchor_tokens > 0;
  a.payload = [&s](std::int64_t tokens) { return payload_bytes(s, tokens); };
  auto times = std::make_shared<std::map<Bytes, Duration>>();  // few distinct payloads
  a.checking = [&s, times](std::int64_t tokens) {
    const Bytes payload = payload_bytes(s, tokens);
    const auto at = times->find(payload);
    if (at != times->end()) return at->second;
    return times->emplace(payload, check_time(s, payload).total()).first->second;
  };
  a.compare = s.hardware.link.submit + s.hardware.link.dma_start +
              s.verification.transfer.synchronize.value_or(s.hardware.gpu.launch.synchronize);
  TabulatedIteration t = tabulate_iteration(s, a.agents.max_running, room, room);
  a.iteration = std::move(t.tables);
  table_error = t.error;
  return a;
}

Conserved conserved(const AgentsStatistics& st, std::int64_t serving::Amount::*m,
                    std::int64_t unit) {
  return {st.generated.*m * unit, st.committed.*m * unit, st.discarded.*m * unit,
          st.in_flight.*m * unit};
}

Spread spread(const Distribution& d) { return {d.mean, d.p50, d.p90, d.p99, d.max}; }

AgentsResult agents_result(const serving::AgentsWorld& w, Duration elapsed) {
  const AgentsStatistics& st = w.statistics();
  const double time = seconds(elapsed);
  AgentsResult a;
  a.agents = w.setup.agents.count;
  a.finished = st.finished;
  a.aborted = st.aborted;
  a.running_peak = w.batch.peak();
  a.steps = st.steps;
  a.tokens = conserved(st, &serving::Amount::tokens, 1);
  a.bytes = conserved(st, &serving::Amount::tokens, w.setup.kv_per_token.count());
  a.nanojoules = conserved(st, &serving::Amount::energy, 1);
  if (time > 0) {
    constexpr double kHour = 3600;
    a.steps_per_hour = static_cast<double>(st.steps) / time * kHour;
    a.goodput = static_cast<double>(st.committed.tokens) / time;
    a.raw = static_cast<double>(st.generated.tokens) / time;
    a.device_busy = seconds(w.batch.busy()) / time;
  }
  a.prefill_tokens = w.batch.prefill_tokens();
  a.reprefilled_tokens = st.reprefilled;
  a.revalidated_tokens = st.revalidated;
  a.token_commit = spread(weighted(st.token_commit));
  a.effect_commit = spread(weighted(st.effect_commit));
  a.recovery_time = spread(distribution(st.recovery_time));
  using recovery::EffectClass;
  a.effects_read_only = w.effects.applied(EffectClass::read_only);
  a.effects_compensatable = w.effects.applied(EffectClass::compensatable);
  a.effects_irreversible = w.effects.applied(EffectClass::irreversible);
  a.escaped_irreversible = w.effects.escaped(EffectClass::irreversible);
  a.escaped_compensatable = w.effects.escaped(EffectClass::compensatable);
  a.compensations = w.effects.compensated();
  a.duplicates_dropped = w.effects.duplicates();
  a.outboxed = st.effects_outboxed;
  a.false_positives = st.false_positives;
  a.missed = st.missed;
  a.tolerated = st.tolerated;
  a.tainted_tokens = st.tainted_tokens;
  a.reads = st.reads;
  a.writes = st.writes;
  a.messages = st.messages;
  a.tombstones = st.tombstones;
  a.undone = st.undone;
  a.orphans = st.orphans;
  a.orphan_tokens = st.orphan_tokens;
  a.orphan_agents = st.orphan_agents;
  a.agents_hit = st.agents_hit;
  a.cascade_depth_max = st.cascade_depth_max;
  a.cascade_size_max = st.cascade_size_max;
  if (st.rollbacks > 0) {
    const auto n = static_cast<double>(st.rollbacks);
    a.cascade_depth_mean = static_cast<double>(st.cascade_depth_sum) / n;
    a.cascade_size_mean = static_cast<double>(st.cascade_size_sum) / n;
  }
  a.provenance_edges = w.provenance.edges_made();
  a.provenance_peak = w.provenance.peak();
  a.provenance_s = seconds(st.provenance);
  a.evictions = w.residency.evictions();
  a.iterations = w.batch.iterations();
  if (a.iterations > 0)
    a.batch_mean = static_cast<double>(w.batch.decode_tokens()) / static_cast<double>(a.iterations);
  if (w.batch.busy() > Duration::zero())
    a.prefill_share = seconds(w.batch.prefilling()) / seconds(w.batch.busy());
  a.link_s = seconds(st.link);
  for (std::size_t i = 0; i < a.spent_s.size(); ++i)
    a.spent_s[i] = static_cast<double>(st.spent[i] / 1e12L);
  return a;
}

}  // namespace

Result simulate_agents(const Scenario& given, des::TraceSink* trace, recovery::AgentsRecord* record,
                       recovery::Sabotage sabotage) {
  const auto wall = std::chrono::steady_clock::now();
  Scenario s = given;
  s.workload.batch = 1;
  s.attention.shared_anchors = true;
  ProgramBuilder programs(s);
  double table_error = 0;
  const AgentsSetup setup = setup_of(s, programs, table_error);
  des::Engine engine(s.seed);
  engine.set_trace(trace);
  serving::AgentsWorld world(engine, setup, record, sabotage);
  // What an exception leaves waiting goes before what it waits for.
  struct Abandon {
    des::Engine& engine;
    ~Abandon() { engine.abandon(); }
  } const abandon{engine};
  world.start();
  if (setup.agents.duration)
    engine.run_until(Time::at(*setup.agents.duration));
  else
    engine.run();
  if (!setup.agents.duration) {
    const des::Blocked blocked = engine.blocked();
    SIM_CHECK(blocked.count == 0, blocked.str());
  }
  world.finish();
  engine.abandon();

  Result r;
  const AgentsStatistics& st = world.statistics();
  const Duration elapsed = engine.now() - Time::zero();
  AgentsResult a = agents_result(world, elapsed);
  a.table_error = table_error;
  r.batch = 1;
  r.tokens = a.tokens.generated - a.tokens.discarded;
  r.decode = r.total = elapsed;
  r.tokens_per_s =
      elapsed > Duration::zero() ? static_cast<double>(r.tokens) / seconds(elapsed) : 0;
  r.committed_tokens_per_s = a.goodput;
  // Time of the device for a kept token: the batch shares it, so it is no token's own latency.
  if (r.tokens > 0) {
    const double mean = seconds(elapsed) / static_cast<double>(r.tokens);
    r.tpot = {mean, mean, mean, mean, mean};
  }
  const Duration busy = std::min(elapsed, world.batch.busy());
  const Duration attention =
      std::min(busy, Duration::raw(static_cast<std::int64_t>(world.batch.attention())));
  const bool pinned = s.workload.decode_step.has_value();
  r.breakdown.add(Category::attention, attention);
  r.breakdown.add(pinned ? Category::assumed : Category::weights, busy - attention);
  r.breakdown.add(Category::stall, elapsed - busy);
  auto& v = r.verification;
  v.boundaries = st.boundaries;
  v.checks = st.verdicts;
  v.failures = st.failures;
  v.payload_bytes = st.payload;
  v.latency = distribution(st.check_latency);
  const auto mean_tokens =
      st.boundaries > 0 ? st.committed.tokens / st.boundaries : std::int64_t{0};
  v.spent = check_time(s, payload_bytes(s, mean_tokens));
  v.service_s = st.verdicts > 0 ? seconds(st.checking) / static_cast<double>(st.verdicts) : 0;
  if (elapsed > Duration::zero()) {
    v.utilization = std::min(
        1.0, seconds(st.checking) / seconds(elapsed) / static_cast<double>(s.verification.workers));
    v.exposure_mean =
        static_cast<double>(st.exposed_token_ps / static_cast<long double>(elapsed.count()));
  }
  v.exposure_max = st.exposed_max;
  v.window_max = st.window_max;
  r.recovery.rollbacks = st.rollbacks;
  r.recovery.discarded_tokens = st.discarded.tokens;
  r.recovery.aborted = st.aborted > 0;
  r.recovery.output_commit = weighted(st.token_commit);
  r.memory.weights = programs.weight_bytes();
  r.memory.kv = world.pool.bytes(world.pool.peak(serving::Place::device));
  r.memory.anchors = setup.anchors;
  r.memory.retained = st.retained_peak;
  r.memory.total = r.memory.weights + r.memory.kv + r.memory.anchors;
  r.memory.capacity = s.hardware.gpu.hbm.capacity;
  r.memory.fits = r.memory.total <= r.memory.capacity;

  const auto& power = s.hardware.gpu.power;
  const Duration idle = elapsed - busy;
  a.idle_j = joules(power.idle * idle);
  const double spent = static_cast<double>(a.nanojoules.generated) / 1e9 + a.idle_j +
                       joules(s.hardware.host.power.busy * st.checking);
  if (r.tokens > 0) r.energy_j_per_token = spent / static_cast<double>(r.tokens);
  const auto use = [&](const char* name, Bytes bytes, Duration used) {
    const double share = elapsed > Duration::zero() ? seconds(used) / seconds(elapsed) : 0.0;
    r.resources.push_back({name, bytes, used, share, false});
  };
  use("device", Bytes::zero(), world.batch.busy());
  use("link", Bytes::zero(), st.link);
  use("verifier", st.payload, st.checking / s.verification.workers);
  std::max_element(r.resources.begin(), r.resources.end(), [](const auto& x, const auto& y) {
    return x.utilization < y.utilization;
  })->bound = true;
  r.agents = a;
  r.simulation.events = engine.events();
  r.simulation.fingerprint = engine.fingerprint();
  r.warnings = warnings(s, r);
  r.simulation.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  return r;
}

}  // namespace fieldsim::system
