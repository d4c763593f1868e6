#include "sim/serving/agents/world.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::AgentsRecord;
using recovery::Item;
using recovery::Vertex;
using verify::Timing;

namespace {
constexpr std::int64_t kTracedAgents = 16;  // a row each; a thousand rows nobody reads
constexpr Bytes kDigest = Bytes::raw(32);   // kept of everything unverified
}  // namespace

AgentsWorld::AgentsWorld(des::Engine& e, const AgentsSetup& s, AgentsRecord* r,
                         recovery::Sabotage planted)
    : engine(e),
      setup(s),
      workload(s.seed, s.agents),
      batch(e, IterationCost(s.iteration), s.prefill_chunk, s.busy),
      pool(s.pool),
      residency(pool, s.agents.max_running),
      memories(s.agents.memory.objects, planted == recovery::Sabotage::dirty_read
                                            ? recovery::Visibility::read_uncommitted
                                            : s.recovery.visibility),
      verdicts(s.seed, s.faults, s.verification),
      verifier(e, s.verification.workers),
      link(e),
      record(r),
      sabotage(planted) {
  if (record == nullptr) return;
  record->rollback = s.recovery.rollback;
  record->visibility = s.recovery.visibility;
  record->output_commit = s.recovery.output_commit;
  const Timing t = s.verification.timing;
  record->verdicts = t != Timing::none && t != Timing::attested_tee;
  record->window = s.verification.window;
}

AgentsWorld::~AgentsWorld() = default;

void AgentsWorld::start() {
  engine.spawn_service(batch.serve(), "batch");
  const des::Component component = engine.component("agents");
  Time arrives;
  for (std::int64_t i = 0; i < setup.agents.count; ++i) {
    if (i > 0) arrives = arrives + workload.between_arrivals(i);
    agents_.push_back(std::make_unique<Agent>(*this, i, arrives));
    Agent& a = *agents_.back();
    if (des::TraceSink* trace = traced(a)) {
      a.track = trace->track("agents", "agent " + std::to_string(i));
      a.activity_track = trace->track("agents", "agent " + std::to_string(i) + " does");
      a.verdict_track = trace->track("agents", "agent " + std::to_string(i) + " verdicts");
    }
    engine.spawn(a.run(), component);
  }
}

des::TraceSink* AgentsWorld::traced(const Agent& a) const {
  return a.id() < kTracedAgents ? engine.trace() : nullptr;
}

void AgentsWorld::draw_counters() {
  des::TraceSink* trace = engine.trace();
  if (trace == nullptr) return;
  trace->counter("unverified tokens", engine.now(), static_cast<double>(exposed_));
  trace->counter("sequences in the batch", engine.now(), static_cast<double>(batch.running()));
  trace->counter("provenance vertices", engine.now(), static_cast<double>(provenance.vertices()));
}

void AgentsWorld::note(AgentsRecord::What what, std::uint64_t serial, std::uint64_t by) {
  if (record != nullptr) record->events.push_back({engine.now(), what, serial, by});
}

Vertex AgentsWorld::make(Item item, std::int64_t agent, void* owner, std::int64_t index,
                         const OpenEffect* effect) {
  const Vertex v = provenance.add(item, agent, owner);
  if (record != nullptr) {
    AgentsRecord::Made m;
    m.serial = v.serial;
    m.item = item;
    m.agent = agent;
    m.index = index;
    m.at = engine.now();
    if (effect != nullptr) {
      m.key = effect->key;
      m.kind = effect->kind;
    }
    record->made.push_back(std::move(m));
  }
  return v;
}

void AgentsWorld::derive(Vertex from, Vertex to) {
  if (record != nullptr && provenance.live(from) && from != to)
    record->made[to.serial - 1].from.push_back(from.serial);
  provenance.derive(from, to);
}

void AgentsWorld::note_read(Vertex from, Vertex by) {
  note(AgentsRecord::What::read, from.serial, by.serial);
}

void AgentsWorld::apply(OpenEffect& e) {
  if (!effects.apply(e) && sabotage != recovery::Sabotage::effect_twice) return;
  out.effect_commit.push_back({engine.now() - e.asked, 1});
  note(AgentsRecord::What::applied, e.vertex.serial);
}

void AgentsWorld::write(std::int64_t memory, Agent& a) {
  recovery::Version* v = memories.write(memory, a.id(), engine.now());
  v->vertex = make(Item::memory, a.id(), v, memory);
  derive(a.newest(), v->vertex);
  if (const auto b = a.open_boundary()) b->published = true;
  ++out.writes;
  settle_now(v->vertex);
}

void AgentsWorld::send(Agent& from, std::int64_t to, std::int64_t tokens) {
  auto m = std::make_shared<Message>();
  m->from = from.id();
  m->to = to;
  m->tokens = tokens;
  m->vertex = make(Item::message, from.id(), m.get(), to);
  derive(from.newest(), m->vertex);
  if (!from.log().empty()) from.log().back()->sent.push_back(m);
  if (const auto b = from.open_boundary()) b->published = true;
  ++out.messages;
  if (des::TraceSink* trace = traced(from))
    trace->span(from.activity_track, "message to agent " + std::to_string(to), engine.now(),
                engine.now());
  agents_[static_cast<std::size_t>(to)]->deliver(m);
  settle_now(m->vertex);
}

void AgentsWorld::note_exposure() {
  const Duration d = engine.now() - exposed_since_;
  out.exposed_token_ps += static_cast<long double>(d.count()) * static_cast<long double>(exposed_);
  exposed_since_ = engine.now();
}

void AgentsWorld::exposed(std::int64_t tokens) {
  note_exposure();
  exposed_ += tokens;
  out.exposed_max = std::max(out.exposed_max, exposed_);
  const Bytes kept =
      setup.kv_per_token * exposed_ + provenance.bytes() + kDigest * provenance.vertices();
  out.retained_peak = std::max(out.retained_peak, kept);
  draw_counters();
}

double AgentsWorld::mean_time_to_failure() const {
  const auto& a = *setup.verification.boundary.rules().adaptive;
  const auto failed = static_cast<double>(out.failures);
  const auto seen = static_cast<double>(batch.busy().count()) *
                    std::max(1.0, static_cast<double>(batch.running()));
  return (static_cast<double>(a.mean_time_to_failure.count()) + seen) / (1 + failed);
}

// --- verdicts ---

void AgentsWorld::close(const AgentBoundaryPtr& b) {
  Agent& a = *agents_[static_cast<std::size_t>(b->agent)];
  b->condition = verdicts.condition(b->place, b->running, a.anchored(engine.now()), a.replicas());
  b->ruling = verdicts.rule(b->place, b->condition);
  const Timing t = setup.verification.timing;
  if (t == Timing::none || t == Timing::attested_tee ||
      (t == Timing::sampled_audit && !b->ruling.checked)) {
    if (b->ruling.missed) ++out.missed;
    return passed(*b);
  }
  engine.spawn(check(b), "check");
}

des::Process AgentsWorld::check(AgentBoundaryPtr b) {
  const auto& r = b->ruling;
  co_await engine.delay(r.before);
  if (setup.verification.timing == Timing::on_load) {
    // A digest is compared at once; a change in device memory is found by the next re-hash.
    Duration wait = setup.compare;
    if (const auto& every = setup.verification.on_load.rehash)
      wait += *every - Duration::raw(engine.now().since_start().count() % every->count());
    co_await engine.delay(wait);
  } else if (r.checked && !b->discarded) {
    co_await verifier.acquire();
    if (!b->discarded) {  // a cancelled check leaves the queue without service
      const Duration service = scaled(setup.checking(b->tokens), r.slow);
      out.checking += service;
      out.payload += setup.payload(b->tokens);
      co_await engine.delay(service);
    }
    verifier.release();
  }
  if (!b->discarded && b->closed + r.least > engine.now() && !r.fails)
    co_await engine.until(b->closed + r.least);
  if (!b->discarded) judge(*b);
}

void AgentsWorld::judge(AgentBoundary& b) {
  ++out.verdicts;
  out.check_latency.push_back(engine.now() - b.closed);
  b.final = true;
  if (des::TraceSink* trace = traced(agent(b.agent))) {
    const des::TrackId track = agent(b.agent).verdict_track;
    const std::string name = (b.ruling.fails ? "failed " : "verified ") + std::to_string(b.index);
    trace->span(track, name, engine.now(), engine.now());
    trace->flow_end(b.flow, track, "verdict", engine.now());
  }
  if (b.ruling.fails) return fail(b);
  if (b.ruling.missed) ++out.missed;
  passed(b);
  agent(b.agent).wake();
}

void AgentsWorld::passed(AgentBoundary& b) {
  b.verified = b.final = true;
  note(AgentsRecord::What::verified, b.vertex.serial);
  settle(provenance.verify(b.vertex));
}

}  // namespace fieldsim::serving
