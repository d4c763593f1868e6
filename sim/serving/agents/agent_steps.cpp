// The stages of a step: read, generate, write, call a tool, think.
#include <algorithm>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::Item;
using recovery::Visibility;

des::Task<> Agent::begin() {
  const auto& p = w_.setup.agents;
  if (position_.context > p.context_limit) compact();
  // What it read after publishing must not belong to what others read before: no cycles.
  if (const auto b = open_boundary(); b && b->published && w_.exposes()) co_await close();
  const std::int64_t reads = w_.workload.reads(id_, position_.step);
  if (w_.setup.recovery.visibility == Visibility::strict) co_await wait_for_readable();
  if (!interrupted_) co_await ensure_boundary();
  if (interrupted_) co_return;
  const Time began = w_.engine.now();
  w_.memories.open_snapshot(began);
  const Duration tracking =
      recovery::kEdgeTime * (reads + static_cast<std::int64_t>(inbox_.size()) + 1);
  w_.out.provenance += tracking;
  doing(Activity::reading);
  std::vector<bool> found(static_cast<std::size_t>(reads), true);
  if (w_.memory_index.modelled()) {
    for (std::size_t k = 0; k < found.size() && !interrupted_; ++k) {
      const bool finds = co_await w_.memory_index.search();
      found[k] = finds;
    }
    co_await sleep(tracking);
  } else {
    co_await sleep(p.memory.read_time * reads + tracking);
  }
  AgentBoundaryPtr b = interrupted_ ? nullptr : open_boundary();
  if (b) {
    position_.to_prefill = 0;
    for (std::int64_t k = 0; k < reads; ++k) {
      if (!found[static_cast<std::size_t>(k)]) continue;
      const auto* v = w_.memories.read(w_.workload.read(id_, position_.step, k), began);
      ++w_.out.reads;
      position_.to_prefill += p.memory.tokens;
      // strict: written since it was waited for; the next step will see it.
      if (v == nullptr || v->settled()) continue;
      w_.derive(v->vertex, b->vertex);
      w_.note_read(v->vertex, b->vertex);
      b->flagged = b->flagged || w_.memories.flagged(*v);
    }
    take_messages(*b);
    if (position_.result) {
      position_.to_prefill += position_.result->tokens;
      if (position_.result->boundary != b->vertex.serial)
        w_.derive(position_.result->vertex, b->vertex);
    }
    position_.decoded = 0;
    position_.stage = Stage::decode;
  }
  w_.memories.close_snapshot(began);
}

// strict: waits until the newest version of all that it is going to read is verified.
des::Task<> Agent::wait_for_readable() {
  const std::int64_t reads = w_.workload.reads(id_, position_.step);
  for (std::int64_t k = 0; k < reads && !interrupted_;) {
    const std::int64_t memory = w_.workload.read(id_, position_.step, k);
    if (w_.memories.read(memory, w_.engine.now()) != nullptr) {
      ++k;
      continue;
    }
    if (open_boundary()) {  // it may hold up the very writer that it waits for
      co_await close();
      continue;
    }
    if (tenant_.running()) co_await pause();
    if (interrupted_) co_return;
    w_.wait_for(memory, *this);
    doing(Activity::others_verdict);
    tenant_.woken.close();
    co_await tenant_.woken.wait();
    k = 0;
  }
}

void Agent::take_messages(AgentBoundary& b) {
  const bool flags = w_.setup.recovery.visibility == Visibility::quarantine;
  for (auto i = inbox_.begin(); i != inbox_.end();) {
    const MessagePtr m = *i;
    if (!m->settled && !w_.exposes()) {
      ++i;
      continue;
    }
    w_.derive(m->vertex, b.vertex);
    if (!m->settled) w_.note_read(m->vertex, b.vertex);
    b.flagged = b.flagged || (flags && !m->settled);
    position_.to_prefill += m->tokens;
    b.taken.push_back(m);
    i = inbox_.erase(i);
  }
}

des::Task<> Agent::write() {
  if (std::any_of(log_.begin(), log_.end(), [](const auto& b) { return b->flagged; }))
    co_await settled_wait();
  if (interrupted_) co_return;
  const std::int64_t writes = w_.workload.writes(id_, position_.step);
  for (std::int64_t k = 0; k < writes && w_.memory_index.modelled(); ++k) {
    doing(Activity::reading);
    co_await w_.memory_index.insertion();
    if (interrupted_) co_return;
  }
  for (std::int64_t k = 0; k < writes; ++k)
    w_.write(w_.workload.written(id_, position_.step, k), *this);
  if (w_.workload.sends(id_, position_.step))
    w_.send(*this, w_.workload.recipient(id_, position_.step),
            w_.workload.message_tokens(id_, position_.step));
  position_.result = nullptr;
  position_.stage = Stage::tool;
}

des::Task<> Agent::tool() {
  if (w_.workload.calls_tool(id_, position_.step)) {
    auto e = std::make_shared<OpenEffect>();
    e->kind = w_.workload.effect(id_, position_.step);
    e->key = AgentsWorkload::key(id_, position_.step);
    e->release = recovery::release_of(w_.setup.recovery.output_commit, e->kind);
    if (w_.sabotage == recovery::Sabotage::early_release &&
        e->kind == recovery::EffectClass::irreversible)
      e->release = recovery::Release::at_once;
    e->agent = id_;
    e->asked = w_.engine.now();
    const bool outside = e->kind != recovery::EffectClass::read_only;
    if ((w_.setup.verification.boundary.rules().external_effect && outside) ||
        e->release == recovery::Release::awaited)
      co_await close();
    if (interrupted_) co_return;
    co_await call(e);
    if (interrupted_) co_return;
  }
  position_.stage = Stage::think;
}

des::Task<> Agent::call(EffectPtr e) {
  using recovery::Release;
  e->vertex = w_.make(Item::effect, id_, e.get(), position_.step, e.get());
  w_.derive(newest(), e->vertex);
  if (!log_.empty()) log_.back()->effects.push_back(e);
  const std::uint64_t boundary = newest().serial;
  if (e->release == Release::at_once || e->release == Release::outboxed) {
    if (e->release == Release::at_once) w_.apply(*e);
    w_.settle_now(e->vertex);
    if (e->release == Release::outboxed) {
      ++w_.out.effects_outboxed;
      co_return;
    }
  } else {
    w_.settle_now(e->vertex);
    co_await pause();
    doing(Activity::verdict);
    while (!interrupted_ && !e->cleared && e->state == recovery::Effect::State::pending) {
      tenant_.woken.close();
      co_await tenant_.woken.wait();
    }
    if (interrupted_ || e->state != recovery::Effect::State::pending) co_return;
    w_.apply(*e);
  }
  co_await pause();
  doing(Activity::tool);
  co_await sleep(w_.workload.tool_latency(id_, position_.step));
  if (interrupted_) co_return;
  auto result = std::make_shared<ToolResult>();
  result->tokens = w_.workload.result_tokens(id_, position_.step);
  result->boundary = boundary;
  result->vertex = w_.make(Item::tool_result, id_, result.get(), position_.step);
  w_.derive(e->vertex, result->vertex);
  if (!log_.empty()) log_.back()->results.push_back(result);
  w_.settle_now(result->vertex);
  position_.result = std::move(result);
}

des::Task<> Agent::think() {
  if (log_.empty())
    ++w_.out.steps;
  else
    ++log_.back()->steps;
  if (w_.setup.verification.boundary.rules().semantic_step) co_await close();
  if (interrupted_) co_return;
  co_await pause();  // the next step asks for its own room
  doing(Activity::thinking);
  co_await sleep(w_.workload.think(id_, position_.step));
  if (interrupted_) co_return;
  ++position_.step;
  position_.decoded = 0;
  position_.stage = Stage::begin;
}

}  // namespace fieldsim::serving
