// What a good verdict settles, and the books at the end of a run.
#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::AgentsRecord;
using recovery::Item;
using recovery::Release;

void AgentsWorld::settle(const std::vector<Member>& settled) {
  std::vector<AgentBoundaryPtr> kept;  // what members own lives until all are settled
  for (const Member& m : settled) {
    note(AgentsRecord::What::settled, m.vertex.serial);
    switch (m.item) {
      case Item::tokens: {
        auto& log = agent(m.agent).log();
        SIM_CHECK(!log.empty() && log.front().get() == m.owner, "a session commits out of order");
        kept.push_back(log.front());
        log.pop_front();
        commit(*kept.back());
        break;
      }
      case Item::memory: {
        auto* version = static_cast<recovery::Version*>(m.owner);
        const std::int64_t memory = version->memory;
        memories.settle(version, engine.now());
        memory_index.settled(memory, m.vertex.serial);
        wake_readers(memory);
        break;
      }
      case Item::message:
        static_cast<Message*>(m.owner)->settled = true;
        break;
      case Item::effect: {
        auto& e = *static_cast<OpenEffect*>(m.owner);
        e.cleared = true;
        if (e.release == Release::outboxed && e.state == recovery::Effect::State::pending) apply(e);
        agent(m.agent).wake();
        break;
      }
      case Item::tool_result:
        break;
    }
  }
}

void AgentsWorld::wake_readers(std::int64_t memory) {
  const auto at = readers_.find(memory);
  if (at == readers_.end()) return;
  const std::vector<Agent*> waiting = std::move(at->second);
  readers_.erase(at);
  for (Agent* a : waiting) a->wake();
}

// A request's tokens reach its reader now.
void AgentsWorld::release(const AgentBoundary& b, std::int64_t tokens) {
  book->released(b.agent, tokens, engine.now());
  note(AgentsRecord::What::released, b.vertex.serial, static_cast<std::uint64_t>(tokens));
}

void AgentsWorld::release_tokens(const AgentBoundary& b, Time at) {
  if (!holds_output()) at = Time::zero();
  if (book && holds_output()) release(b, b.tokens);
  constexpr int kParts = 4;  // a stretch's tokens, spread over its time
  for (std::size_t i = 0; i < b.stretches.size(); ++i) {
    const auto [end, tokens] = b.stretches[i];
    if (at < end) {  // released when generated
      out.token_commit.push_back({Duration::zero(), tokens});
      continue;
    }
    for (int k = 0; k < kParts; ++k) {
      const Duration late = (at - end) + b.spans[i] * (2 * k + 1) / (2 * kParts);
      const std::int64_t share = tokens * (k + 1) / kParts - tokens * k / kParts;
      if (share > 0) out.token_commit.push_back({late, share});
    }
  }
}

void AgentsWorld::commit(AgentBoundary& b) {
  exposed(-b.tokens);
  let_go(b);
  if (b.anchor < anchor() || verifier.ledger().revoked(engine.now())) ++out.revoked_boundaries;
  out.committed += {b.tokens, b.energy};
  out.steps += b.steps;
  ++out.boundaries;
  if (b.condition.bad && (b.ruling.missed || b.ruling.fails)) out.tainted_tokens += b.tokens;
  release_tokens(b, engine.now());
  Agent& a = agent(b.agent);
  a.forget(b.place);
  a.wake();
}

void AgentsWorld::finished(Agent& a) {
  if (a.stopped())
    ++out.aborted;
  else
    ++out.finished;
  if (++ended_ == static_cast<std::int64_t>(agents_.size())) crash_timer_.cancel();
  if (book) book->finished(a.id(), a.stopped());
}

std::int64_t AgentsWorld::blocks_held() const {
  std::set<BlockId> held;  // requests share the pages of anchors
  const auto hold = [&](const BlockTable& t) { held.insert(t.blocks().begin(), t.blocks().end()); };
  std::int64_t copies = 0;
  for (const auto& a : agents_) {
    for (const AgentBoundaryPtr& b : a->log()) copies += pool.blocks_for_bytes(b->copied);
    if (a->ended_) continue;  // it has left, and gave everything back
    hold(a->tenant_.table());
    for (const BlockTable& t : a->tenant_.pages) hold(t);
  }
  if (anchors != nullptr) anchors->for_each_table(hold);
  return static_cast<std::int64_t>(held.size()) + copies;
}

void AgentsWorld::finish() {
  note_exposure();
  for (const auto& a : agents_) {
    a->doing(Activity::absent);
    Amount open = a->running();
    out.generated += open;
    (a->interrupted() ? out.discarded : out.in_flight) += open;
    for (const AgentBoundaryPtr& b : a->log()) out.in_flight += {b->tokens, b->energy};
  }
  const auto balanced = [&](std::int64_t Amount::*m) {
    return out.generated.*m == out.committed.*m + out.discarded.*m + out.in_flight.*m;
  };
  SIM_CHECK(balanced(&Amount::tokens) && balanced(&Amount::energy),
            "generated is not committed + discarded + in flight");
  if (record == nullptr) return;
  const auto balance = [&](std::int64_t Amount::*m, std::int64_t unit) {
    return AgentsRecord::Conservation{out.generated.*m * unit, out.committed.*m * unit,
                                      out.discarded.*m * unit, out.in_flight.*m * unit};
  };
  record->tokens = balance(&Amount::tokens, 1);
  record->bytes = balance(&Amount::tokens, setup.kv_per_token.count());
  record->nanojoules = balance(&Amount::energy, 1);
  record->blocks_used = pool.used(Place::device) + pool.used(Place::host);
  record->blocks_referenced = blocks_held();
}

}  // namespace fieldsim::serving
