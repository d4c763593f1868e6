#include "sim/system/agents/collect.hpp"

#include <algorithm>

#include "sim/system/memory.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::pcie::Direction;
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
    while (i + 1 < values.size() && seen + static_cast<long double>(values[i].weight) <
                                        static_cast<long double>(share) * weight)
      seen += static_cast<long double>(values[i++].weight);
    d.*member = seconds(values[i].value);
  }
  return d;
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
  a.displaced_s = seconds(w.batch.displaced());
  for (std::size_t i = 0; i < a.spent_s.size(); ++i)
    a.spent_s[i] = static_cast<double>(st.spent[i] / 1e12L);
  a.swapped = st.swapped;
  a.refetches = st.refetches;
  a.lost_caches = st.lost_caches;
  a.restored = st.restored;
  a.uncopied = st.uncopied;
  a.throttled = st.throttled;
  a.index_rows = w.memory_index.rows();
  a.index_dead_peak = w.memory_index.dead_peak();
  a.index_compactions = w.memory_index.compactions();
  a.index_missed = w.memory_index.missed();
  a.index_s = seconds(w.memory_index.searching());
  return a;
}

}  // namespace

Result collect(const Scenario& s, const Machine& machine, const serving::AgentsWorld& world,
               const ProgramBuilder& programs) {
  Result r;
  const AgentsStatistics& st = world.statistics();
  const Duration elapsed = machine.engine.now() - Time::zero();
  AgentsResult a = agents_result(world, elapsed);
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
  v.evidence = st.evidence;
  v.latency = distribution(st.check_latency);
  const Duration checking = world.verifier.busy();
  if (st.verdicts > 0)
    for (std::size_t i = 0; i < hardware::kCategories; ++i) {
      const auto c = static_cast<Category>(i);
      v.spent.add(c, st.checks[c] / st.verdicts);
    }
  v.service_s = seconds(v.spent.total());
  v.restarted_checks = world.verifier.restarted();
  v.revoked_boundaries = st.revoked_boundaries;
  const verify::Ledger& ledger = world.verifier.ledger();
  v.lies_accepted = ledger.lies_accepted();
  v.lies_noticed = ledger.lies_noticed();
  v.old_heads = ledger.opened();
  v.partition_wait = ledger.partition_wait();
  if (elapsed > Duration::zero()) {
    v.utilization = std::min(
        1.0, seconds(checking) / seconds(elapsed) / static_cast<double>(s.verification.workers));
    v.exposure_mean =
        static_cast<double>(st.exposed_token_ps / static_cast<long double>(elapsed.count()));
  }
  v.exposure_max = st.exposed_max;
  v.window_max = st.window_max;
  r.recovery.rollbacks = st.rollbacks;
  r.recovery.discarded_tokens = st.discarded.tokens;
  r.recovery.aborted = st.aborted > 0;
  r.recovery.crashes = st.crashes;
  r.recovery.checkpointed = st.checkpointed;
  r.recovery.output_commit = weighted(st.token_commit);
  r.memory.weights = programs.weight_bytes();
  r.memory.kv = world.pool.bytes(world.pool.peak(serving::Place::device));
  r.memory.anchors = world.setup.anchors;
  r.memory.retained = st.retained_peak;
  r.memory.total = r.memory.weights + r.memory.kv + r.memory.anchors;
  r.memory.capacity = s.hardware.gpu.hbm.capacity;
  r.memory.fits = r.memory.total <= r.memory.capacity;

  const auto& power = s.hardware.gpu.power;
  const Duration idle = elapsed - busy;
  a.idle_j = joules(power.idle * idle);
  const double spent = static_cast<double>(a.nanojoules.generated) / 1e9 + a.idle_j +
                       joules(s.hardware.host.power.busy * machine.host.hash_time());
  if (r.tokens > 0) r.energy_j_per_token = spent / static_cast<double>(r.tokens);
  const auto use = [&](const char* name, Bytes bytes, Duration used) {
    const double share = elapsed > Duration::zero() ? seconds(used) / seconds(elapsed) : 0.0;
    r.resources.push_back({name, bytes, used, share, false});
  };
  use("device", machine.device.memory_bytes(), world.batch.busy());
  for (const Direction d : {Direction::to_host, Direction::to_device})
    use(d == Direction::to_host ? "link.to_host" : "link.to_device", machine.link.moved(d),
        machine.link.busy(d));
  use("host.memory", machine.host.memory_bytes(), machine.host.memory_busy());
  use("host.hash", machine.host.hashed(), machine.host.hash_time() / s.hardware.host.cores);
  use("verifier", st.payload, checking / s.verification.workers);
  use("ledger", Bytes::zero(), ledger.busy() / s.verification.workers);
  std::max_element(r.resources.begin(), r.resources.end(), [](const auto& x, const auto& y) {
    return x.utilization < y.utilization;
  })->bound = true;
  r.agents = a;
  return r;
}

}  // namespace fieldsim::system
