// Checks, the ledger's answers, and the verdicts that come of them.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::AgentsRecord;
using verify::Timing;

void AgentsWorld::close(const AgentBoundaryPtr& b) {
  Agent& a = *agents_[static_cast<std::size_t>(b->agent)];
  if (b->tokens > 0) crashes_in_a_row_ = 0;
  b->check.boundary = b->index;
  b->check.draw = recovery::draw(b->place);
  b->check.flow = b->flow;
  setup.plan(b->check, a.position().context - b->tokens, b->tokens);
  b->condition = verdicts.condition(
      b->place, {b->running, a.anchored(engine.now()), a.replicas(), b->tokens, b->check.payload});
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
  co_await engine.delay(b->ruling.before);
  if (setup.verification.timing == Timing::on_load) {
    // A digest is compared at once; a change in device memory is found by the next re-hash.
    if (const auto& every = setup.verification.on_load.rehash)
      co_await engine.delay(*every -
                            Duration::raw(engine.now().since_start().count() % every->count()));
    co_await verifier.compare_digest(b->check.spent, b->check.trail);
  } else if (b->ruling.checked && !b->discarded) {
    co_await verifier.run(b->check);
    if (!b->discarded) hear(*b);
  }
  const Time least = b->closed + b->ruling.least;
  if (!b->discarded && least > engine.now() && !b->ruling.fails) co_await engine.until(least);
  if (!b->discarded) judge(*b);
}

void AgentsWorld::hear(AgentBoundary& b) {
  out.payload += b.check.payload;
  out.evidence += b.check.evidence;
  out.checks += b.check.spent;
  const bool gone = revoked(b);
  b.condition.persistent = b.condition.persistent || gone;
  recovery::VerdictSource::hear(b.ruling, b.condition, b.check.answer.lie,
                                b.check.answer.refused || gone);
  if (gone) agent(b.agent).loses_anchor(b.anchor);
}

// As the answer has it: of an anchor that somebody has replaced, the moment of its revocation is
// known.
bool AgentsWorld::revoked(const AgentBoundary& b) const {
  const verify::Answer& answer = b.check.answer;
  if (b.anchor == anchor()) return answer.revoked;
  return !answer.lie && revoked_at_[static_cast<std::size_t>(b.anchor)] <= answer.as_of;
}

void AgentsWorld::replace_anchor(std::int64_t known) {
  if (known < anchor()) return;
  const auto at = verifier.ledger().revoked_at();
  SIM_CHECK(at.has_value(), "an anchor is replaced that was not revoked");
  revoked_at_.push_back(*at);
  verifier.ledger().replace_anchor(engine.now());
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
