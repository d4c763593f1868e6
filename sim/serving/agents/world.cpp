#include "sim/serving/agents/world.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::AgentsRecord;
using recovery::Item;
using recovery::Vertex;
using verify::Timing;

namespace {
constexpr std::int64_t kTracedAgents = 16;  // a row each; a thousand rows nobody reads
}  // namespace

AgentsWorld::AgentsWorld(Machine m, const AgentsSetup& s, AgentsRecord* r,
                         recovery::Sabotage planted)
    : engine(m.engine),
      machine(m),
      setup(s),
      workload(s.seed, s.agents, s.requests),
      batch(m.engine, IterationCost(s.iteration), s.prefill_chunk, s.busy),
      pool(s.pool),
      residency(pool, s.agents.max_running,
                s.serving ? static_cast<std::int64_t>(s.serving->watermark *
                                                      static_cast<double>(s.pool.device_blocks))
                          : 0),
      memories(s.agents.memory.objects, planted == recovery::Sabotage::dirty_read
                                            ? recovery::Visibility::read_uncommitted
                                            : s.recovery.visibility),
      verdicts(s.seed, s.faults, s.verification),
      verifier(m, s.verification, s.kernel_gap, true,
               {s.faults.ledger, s.faults.verifier_crash, s.faults.slow_verifier}),
      memory_index({m.engine, m.device, m.link, m.host}, s.agents.memory, s.kernel_gap),
      retention(s.recovery, s.verification.timing, s.kv_per_token, s.pool.block_tokens),
      place_released(m.engine),
      record(r),
      sabotage(planted),
      crash_timer_(m.engine, "device.crash"),
      crashes_(s.seed, "faults.device_crash") {
  batch.share(m.device);
  residency.released = &place_released;
  residency.set_fixed(s.pinned_blocks);
  if (s.serving) book.emplace(m.engine, pool, s.requests);
  if (record == nullptr) return;
  record->rollback = s.recovery.rollback;
  record->visibility = s.recovery.visibility;
  record->output_commit = s.recovery.output_commit;
  const Timing t = s.verification.timing;
  record->verdicts = t != Timing::none && t != Timing::attested_tee;
  record->window = s.verification.window;
}

AgentsWorld::~AgentsWorld() = default;

void AgentsWorld::use_anchors(AnchorCache& cache, std::int64_t per_request) {
  anchors = &cache;
  anchors_per_request = per_request;
  residency.share_with({[this](std::int64_t free) { anchors->make_room(free); },
                        [this] { return pool.evictable_blocks(); }});
}

des::Task<> AgentsWorld::prefill_anchor(std::int64_t tokens) {
  Stretch s;
  s.prefill = tokens;
  co_await batch.run(s);
  const Amount spent{0, std::llround(s.energy)};
  out.generated += spent;
  out.committed += spent;
}

void AgentsWorld::start() {
  engine.spawn_service(batch.serve(), "batch");
  if (setup.faults.device_crash) engine.spawn_service(crashes(), "device.crash");
  const des::Component component = engine.component("agents");
  Time arrives;
  for (std::int64_t i = 0; i < setup.agents.count; ++i) {
    arrives = arrives + workload.between_arrivals(i);
    agents_.push_back(std::make_unique<Agent>(*this, i, arrives));
    Agent& a = *agents_.back();
    if (des::TraceSink* trace = traced(a)) {
      const std::string group = book ? "requests" : "agents";
      const std::string name = (book ? "request " : "agent ") + std::to_string(i);
      a.track = trace->track(group, name);
      a.activity_track = trace->track(group, name + " does");
      a.verdict_track = trace->track(group, name + " verdicts");
      if (book) book->tracks.push_back(a.track);
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
  trace->counter("unverified tokens", engine.now(), static_cast<double>(retention.unverified()));
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
  memory_index.wrote(memory, v->vertex.serial);
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
  out.exposed_token_ps +=
      static_cast<long double>(d.count()) * static_cast<long double>(retention.unverified());
  exposed_since_ = engine.now();
}

void AgentsWorld::exposed(std::int64_t tokens) {
  note_exposure();
  retention.tokens(tokens);
  out.exposed_max = std::max(out.exposed_max, retention.unverified());
  out.retained_peak = std::max(out.retained_peak, retention.now().total() + provenance.bytes());
  if (retention.exceeded())
    end_with(std::to_string(retention.now().total().count()) + " bytes for " +
             std::to_string(retention.unverified()) + " unverified tokens");
  if (tokens < 0) room_freed();
  draw_counters();
}

void AgentsWorld::end_with(const std::string& why) {
  if (cannot_.empty()) cannot_ = why;
  engine.stop();
}

void AgentsWorld::wait_for_room(Agent& agent, bool again) {
  if (std::ranges::find(throttled_, &agent) != throttled_.end()) return;  // woken by something else
  if (again)
    throttled_.push_front(&agent);
  else
    throttled_.push_back(&agent);
}

void AgentsWorld::waits_no_more(Agent& agent) {
  std::erase(throttled_, &agent);
  room_freed();
}

void AgentsWorld::room_freed() {
  if (throttled_.empty()) return;
  Agent* first = throttled_.front();
  throttled_.pop_front();
  first->wake();
}

// A boundary is settled or undone: nothing is kept of it.
void AgentsWorld::let_go(AgentBoundary& b) {
  retention.close(std::exchange(b.kept, Bytes::zero()));
  if (b.copied > Bytes::zero()) residency.give_back(std::exchange(b.copied, Bytes::zero()));
  room_freed();
}

des::Task<> AgentsWorld::move(hardware::pcie::Direction direction, Bytes bytes) {
  if (bytes == Bytes::zero()) co_return;
  co_await machine.link.copy(direction, bytes, hardware::pcie::HostMemory::pinned);
}

bool AgentsWorld::keep_on_host(Bytes more) {
  const Bytes taken = host_copies_ + pool.bytes(pool.used(Place::host));
  if (taken + more > setup.agents.host_kv) {
    no_room_for_copy(more);
    return false;
  }
  host_copies_ += more;
  residency.set_host_aside(host_copies_);
  return true;
}

void AgentsWorld::drop_on_host(Bytes bytes) {
  host_copies_ -= bytes;
  residency.set_host_aside(host_copies_);
}

void AgentsWorld::no_room_for_copy(Bytes bytes) {
  ++out.uncopied;
  if (setup.recovery.retained.overflow == recovery::Overflow::error)
    end_with("a copy of " + std::to_string(bytes.count()) + " bytes, and no room for it");
}

bool AgentsWorld::holds_output() const {
  const Timing t = setup.verification.timing;
  return t != Timing::none && t != Timing::attested_tee &&
         recovery::holds_tokens(setup.recovery.output_commit);
}

double AgentsWorld::mean_time_to_failure() const {
  const auto& a = *setup.verification.boundary.rules().adaptive;
  const auto failed = static_cast<double>(out.failures);
  const auto seen = static_cast<double>(batch.busy().count()) *
                    std::max(1.0, static_cast<double>(batch.running()));
  return (static_cast<double>(a.mean_time_to_failure.count()) + seen) / (1 + failed);
}

}  // namespace fieldsim::serving
