// What a failed verdict undoes, by scope, and in what order.
#include <algorithm>
#include <map>

#include "sim/base/error.hpp"
#include "sim/recovery/retry.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::AgentsRecord;
using recovery::Effect;
using recovery::EffectClass;
using recovery::Item;
using recovery::Rollback;
using recovery::Vertex;

// One rollback while it is carried out.
struct AgentsWorld::Undo {
  std::uint64_t number = 0;
  std::vector<EffectPtr> effects;      // applied ones, to be compensated
  std::vector<AgentBoundaryPtr> kept;  // owners live until it is over
  std::vector<Agent*> agents;
  std::int64_t tombstones = 0;
};

void AgentsWorld::fail(AgentBoundary& b) {
  Agent& a = agent(b.agent);
  ++out.failures;
  if (b.ruling.false_positive) ++out.false_positives;
  const std::int64_t failed = a.count_failure(b.place);
  if (setup.recovery.rollback == Rollback::compensate_only) {
    a.takes_anchor();
    compensate_only(b);
    return;
  }
  // Stop and wait is tried once: who fails there too would do so for ever (I11).
  switch (recovery::after_failure(setup.recovery, failed, a.pessimistic())) {
    case recovery::Next::tolerate:
      return accept(b);
    case recovery::Next::abort:
      a.stop();
      break;
    case recovery::Next::pessimistic:
      a.go_pessimistic();
      break;
    case recovery::Next::retry:
      break;
  }
  AgentBoundary& root = setup.recovery.rollback == Rollback::session_restart ? *a.log().front() : b;
  const std::vector<Member> all = provenance.closure(root.vertex);
  std::vector<Member> members = doomed(root, all);
  count_orphans(all, members);
  undo(root, std::move(members));
}

void AgentsWorld::accept(AgentBoundary& b) {
  ++out.tolerated;
  agent(b.agent).wake();
  passed(b);
}

void AgentsWorld::undo(AgentBoundary& root, std::vector<Member> members, Cause cause) {
  auto u = std::make_shared<Undo>();
  u->number = ++rollback_;
  const bool failed = cause == Cause::verdict;
  if (failed) ++out.rollbacks;
  if (sabotage == recovery::Sabotage::orphan_left && !sabotaged_)
    for (std::size_t i = 1; i < members.size() && !sabotaged_; ++i)
      if (members[i].item == Item::memory) {
        members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
        sabotaged_ = true;
      }

  std::map<std::int64_t, AgentBoundary*> first;  // of each agent
  std::int64_t depth = 0;
  for (const Member& m : members) {
    depth = std::max(depth, m.depth);
    ++out.undone[static_cast<std::size_t>(m.item)];
    if (m.item != Item::tokens) continue;
    auto* b = static_cast<AgentBoundary*>(m.owner);
    AgentBoundary*& known = first[m.agent];
    if (known == nullptr || b->index < known->index) known = b;
  }
  const auto size = static_cast<std::int64_t>(members.size());
  if (failed) {
    out.cascade_depth_max = std::max(out.cascade_depth_max, depth);
    out.cascade_depth_sum += depth;
    out.cascade_size_max = std::max(out.cascade_size_max, size);
    out.cascade_size_sum += size;
    out.agents_hit += static_cast<std::int64_t>(first.size());
  }

  // What survives of the failed boundary itself: the tokens before the first bad one. A restart
  // begins at another boundary, whose verdict is still to come.
  std::int64_t salvaged = 0;
  if (failed && setup.verification.timing == verify::Timing::optimistic_verified_prefix &&
      setup.recovery.rollback != Rollback::session_restart && root.one_step && !root.published &&
      root.effects.empty() && !agent(root.agent).stopped()) {
    const double u01 = workload.revalidation(root.vertex.serial);
    salvaged = static_cast<std::int64_t>(u01 * static_cast<double>(root.tokens));
  }
  std::vector<Vertex> gone;
  for (const Member& m : members) {
    if (salvaged > 0 && m.owner == &root) continue;
    gone.push_back(m.vertex);
    undo_member(m, *u);
  }
  const bool restarts = failed && setup.recovery.rollback == Rollback::session_restart;
  const bool whole = (failed && setup.anchor_checked) || restarts;
  for (const auto& [id, b] : first) {
    Agent& a = agent(id);
    Position to = b->start;
    if (salvaged > 0 && b == &root) {
      to = root.first_token;
      to.decoded += salvaged;
      to.context += salvaged;
    }
    if (restarts && !book) to.context = setup.agents.context_tokens;
    auto& log = a.log();
    while (!log.empty() && log.back()->index >= b->index &&
           !(salvaged > 0 && b == &root && log.back().get() == &root)) {
      u->kept.push_back(log.back());
      log.pop_back();
    }
    for (std::size_t i = u->kept.size(); i-- > 0;)  // messages come back in their order
      if (u->kept[i]->agent == id) {
        auto& taken = u->kept[i]->taken;
        for (auto m = taken.rbegin(); m != taken.rend(); ++m)
          if (!(*m)->discarded) a.put_back(*m);
        taken.clear();
      }
    const bool own = id == root.agent;
    a.take_back({std::move(to), log.empty() ? b->index : log.back()->index + 1, whole && own,
                 root.condition.persistent && own, failed});
    u->agents.push_back(&a);
  }
  if (salvaged > 0) {
    const std::int64_t lost = root.tokens - salvaged;
    const std::int64_t energy = static_cast<std::int64_t>(static_cast<int128>(root.energy) * lost /
                                                          std::max<std::int64_t>(1, root.tokens));
    exposed(-lost);
    out.discarded += {lost, energy};
    if (book) book->taken_back(root.agent, lost, !holds_output());
    root.tokens = salvaged;
    root.energy -= energy;
    for (auto s = root.stretches.rbegin(); s != root.stretches.rend(); ++s) {
      // The last stretches end earlier by what is lost.
      std::int64_t cut = 0;
      for (const auto& t : root.stretches) cut += t.second;
      cut = std::min(s->second, cut - salvaged);
      s->second -= cut;
    }
    root.ruling.fails = false;
  }
  settle(provenance.discard(gone));
  engine.spawn(repair(u), "repair");
  if (salvaged > 0) passed(root);
}

void AgentsWorld::undo_member(const Member& m, Undo& u) {
  note(AgentsRecord::What::discarded, m.vertex.serial, u.number);
  switch (m.item) {
    case Item::tokens: {
      auto& b = *static_cast<AgentBoundary*>(m.owner);
      b.discarded = b.check.cancelled = true;
      let_go(b);
      exposed(-b.tokens);
      out.discarded += {b.tokens, b.energy};
      if (book) book->taken_back(b.agent, b.tokens, !holds_output());
      for (const EffectPtr& e : b.effects)
        if (e->state == Effect::State::applied) u.effects.push_back(e);
      if (b.is_closed && !b.final)
        if (des::TraceSink* trace = traced(agent(b.agent))) {
          trace->span(agent(b.agent).verdict_track, "cancelled " + std::to_string(b.index),
                      engine.now(), engine.now());
          trace->flow_end(b.flow, agent(b.agent).verdict_track, "verdict", engine.now());
        }
      break;
    }
    case Item::memory: {
      auto* version = static_cast<recovery::Version*>(m.owner);
      const std::int64_t memory = version->memory;
      if (sabotage != recovery::Sabotage::stale_read) memories.tombstone(version);
      memory_index.undone(m.vertex.serial);
      ++u.tombstones;
      ++out.tombstones;
      wake_readers(memory);
      break;
    }
    case Item::message: {
      auto* message = static_cast<Message*>(m.owner);
      message->discarded = true;
      agent(message->to).withdraw(message);
      break;
    }
    case Item::effect: {
      auto& e = *static_cast<OpenEffect*>(m.owner);
      if (e.state == Effect::State::pending) e.state = Effect::State::cancelled;
      break;
    }
    case Item::tool_result:
      break;
  }
}

// Nothing is truncated: the boundary's own effects and memories are undone, the tokens stay.
void AgentsWorld::compensate_only(AgentBoundary& b) {
  auto u = std::make_shared<Undo>();
  u->number = ++rollback_;
  ++out.rollbacks;
  const std::vector<Member> all = provenance.closure(b.vertex);
  std::vector<Vertex> gone;
  std::vector<Member> members = {all.front()};
  for (const Member& m : all)
    if (m.item == Item::memory && m.agent == b.agent &&
        static_cast<recovery::Version*>(m.owner)->written <= b.closed) {
      members.push_back(m);
      gone.push_back(m.vertex);
      undo_member(m, *u);
    }
  count_orphans(all, members);
  for (const EffectPtr& e : b.effects) {
    if (e->state == Effect::State::applied) u->effects.push_back(e);
    if (e->state == Effect::State::pending) e->state = Effect::State::cancelled;
  }
  settle(provenance.discard(gone));
  engine.spawn(repair(u), "repair");
  accept(b);
}

// Compensations one after another, last applied first, across all agents of the rollback.
des::Process AgentsWorld::repair(std::shared_ptr<Undo> u) {
  co_await engine.delay(setup.agents.memory.tombstone_time * u->tombstones);
  std::vector<Effect*> order;
  for (const EffectPtr& e : u->effects) order.push_back(e.get());
  order = recovery::compensation_order(std::move(order));
  if (sabotage == recovery::Sabotage::compensation_order) std::reverse(order.begin(), order.end());
  for (Effect* e : order) {
    if (e->state != Effect::State::applied) continue;
    if (e->kind == EffectClass::read_only) continue;  // nothing to undo
    if (e->kind == EffectClass::irreversible) {
      effects.escape(*e);
      note(AgentsRecord::What::escaped, e->vertex.serial, u->number);
      continue;
    }
    co_await engine.delay(setup.recovery.compensation.time);
    const bool done = workload.compensation(e->key) < setup.recovery.compensation.success;
    effects.compensate(*e, done);
    note(done ? AgentsRecord::What::compensated : AgentsRecord::What::escaped, e->vertex.serial,
         u->number);
  }
  for (Agent* a : u->agents) a->repaired();
}

}  // namespace fieldsim::serving
