// How an agent generates: stretches in the batch, until its boundary closes or its step ends.
#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

des::Task<> Agent::decode() {
  const std::int64_t room =
      w_.setup.pool.device_blocks * w_.setup.pool.block_tokens - position_.context;
  std::int64_t target = w_.workload.step_tokens(id_, position_.step);
  // A step that outgrows the device is cut: its reads first, then what it generates.
  position_.to_prefill = std::min(position_.to_prefill, room / 2);
  target = std::min(target, position_.decoded + room - position_.to_prefill);
  if (position_.decoded >= target) {
    release_claim();
    position_.stage = Stage::write;
    co_return;
  }
  co_await ensure_boundary();
  // Whole steps are asked for, so the place lasts until the step's last token.
  if (interrupted_) co_return;
  const bool placed = co_await take_place(w_.book ? 1 : target - position_.decoded);
  if (!placed) co_return;
  const AgentBoundaryPtr b = open_boundary();
  SIM_CHECK(b != nullptr, "an agent generates outside a boundary");
  if (w_.book) {
    w_.book->placed(id_);
    if (b->stretches.empty()) b->began = w_.engine.now();  // what it waited is no work
  }
  std::int64_t most = target - position_.decoded;
  if (w_.book) most = std::min(most, lease());
  Stretch s;
  s.decode = std::clamp<std::int64_t>(until_close(*b), 1, most);
  if (w_.book) {
    const bool grown = co_await grow(position_.context + s.decode);
    if (!grown) co_return;
  }
  if (claim_ > 0) {
    claim_ += w_.retention.claim(s.decode - claim_, Bytes::zero());
    s.decode = claim_;
  }
  s.before = std::min(tenant_.cached(), position_.context);
  w_.out.reprefilled += std::max<std::int64_t>(0, computed_ - s.before);
  position_.context += std::exchange(position_.to_prefill, 0);
  s.prefill = position_.context - s.before;
  running_ = &s;
  doing(Activity::generating);
  co_await w_.batch.run(s);
  running_ = nullptr;
  account(s);
  release_claim();
  if (interrupted_) co_return;
  w_.residency.append(tenant_, s.prefilled + s.decoded);
  computed_ = std::max(computed_, tenant_.cached());
  position_.context += s.decoded;
  position_.decoded += s.decoded;
  if (position_.decoded >= target) position_.stage = Stage::write;
  if (w_.book) {
    w_.book->made(id_, s.decoded);
    if (!w_.holds_output()) w_.release(*b, s.decoded);
    w_.book->memory();
    if (tenant_.leaving() && position_.decoded < target) co_await give_way();
  }
  if (!interrupted_ && until_close(*b) <= 0) co_await close();
}

void Agent::account(const Stretch& s) {
  const Amount made{s.decoded, std::llround(s.energy)};
  w_.out.generated += made;
  if (interrupted_) {  // its boundary was undone while it ran
    if (w_.book && !w_.holds_output()) w_.book->retract(s.decoded);
    if (w_.sabotage != recovery::Sabotage::lost_tokens) w_.out.discarded += made;
    return;
  }
  AgentBoundary& b = *log_.back();
  if (b.stretches.empty()) b.first_token = position_;
  b.one_step = b.first_token.step == position_.step;
  b.tokens += s.decoded;
  b.prefilled += s.prefilled;
  b.running += s.running;
  b.energy += made.energy;
  if (s.decoded > 0) {
    b.stretches.emplace_back(w_.engine.now(), s.decoded);
    b.spans.push_back(s.running);
  }
  w_.exposed(s.decoded);
}

// Tokens until the rule closes the boundary; zero or less when it is due.
std::int64_t Agent::until_close(const AgentBoundary& b) const {
  const verify::BoundaryRules& r = w_.setup.verification.boundary.rules();
  std::int64_t n = std::int64_t{1} << 40;
  if (w_.setup.verification.timing == verify::Timing::none && (w_.book || !r.every_tokens))
    return n;
  if (r.every_tokens) n = std::min(n, *r.every_tokens - b.tokens);
  const Bytes kv = w_.setup.kv_per_token;
  if (r.dirty_bytes)
    n = std::min(n,
                 (r.dirty_bytes->count() + kv.count() - 1) / kv.count() - b.tokens - b.prefilled);
  const auto iteration = std::max<std::int64_t>(1, w_.batch.iteration_time().count());
  if (r.every) {  // as many iterations as the time that is left is worth now
    const std::int64_t left = (*r.every - (w_.engine.now() - b.began)).count();
    n = std::min(n, left <= 0 ? 0 : left / iteration + 1);
  }
  if (r.adaptive) {
    const auto& a = *r.adaptive;
    const double interval = static_cast<double>(a.cost.count()) * w_.mean_time_to_failure();
    std::int64_t tokens = a.min_tokens;  // the least k with (k tau)^2 >= C / lambda
    while (tokens < a.max_tokens) {
      const double t = static_cast<double>(tokens) * static_cast<double>(iteration);
      if (t * t >= interval) break;
      tokens = std::min(a.max_tokens, tokens + std::max<std::int64_t>(1, tokens / 16));
    }
    n = std::min(n, tokens - b.tokens);
  }
  return n;
}

}  // namespace fieldsim::serving
