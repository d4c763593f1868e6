#include "sim/serving/agents/agent.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/recovery/retry.hpp"

namespace fieldsim::serving {

using recovery::Item;
using verify::Timing;

Agent::Agent(AgentsWorld& world, std::int64_t id, Time arrives)
    : w_(world),
      id_(id),
      arrives_(arrives),
      tenant_(world.engine, AgentsWorkload::key(id, 1),
              world.book ? std::optional(static_cast<std::uint64_t>(id)) : std::nullopt),
      timer_(world.engine, "agent"),
      anchored_(arrives) {
  position_.context = w_.workload.context_tokens(id_);
  if (w_.book) position_.stage = Stage::decode;  // its prompt is all that it reads
  tenant_.must_go = [this] {
    if (running_ != nullptr)
      w_.batch.cancel(*running_);
    else
      wake();
  };
}

bool Agent::done() const {
  return w_.setup.agents.steps && position_.step >= *w_.setup.agents.steps;
}

des::Process Agent::run() {
  co_await w_.engine.until(arrives_);
  doing(Activity::starting);
  if (w_.book) {
    w_.book->arrived(id_);
    if (!w_.residency.fits(position_.context + w_.workload.step_tokens(id_, 0))) {
      ended_ = true;
      doing(Activity::absent);
      co_return w_.book->refused(id_);
    }
  } else if (w_.setup.verification.timing == Timing::attested_tee)
    co_await w_.engine.delay(w_.setup.verification.tee.attestation);
  while (!stopped_) {
    if (interrupted_) {
      co_await recover();
    } else if (done()) {
      if (log_.empty()) break;
      co_await drain();
    } else if (position_.stage == Stage::begin) {
      co_await begin();
    } else if (position_.stage == Stage::decode) {
      co_await decode();
    } else if (position_.stage == Stage::write) {
      co_await write();
    } else if (position_.stage == Stage::tool) {
      co_await tool();
    } else {
      co_await think();
    }
  }
  release_claim();
  cut_copy(0);
  w_.residency.leave(tenant_, w_.sabotage == recovery::Sabotage::leaked_block && id_ == 0);
  ended_ = true;
  doing(Activity::absent);
  if (w_.book) w_.book->memory();
  w_.finished(*this);
}

// Everything is generated; verdicts are out, and a failure among them starts it again.
des::Task<> Agent::drain() {
  if (!log_.back()->is_closed) co_await close();
  if (tenant_.running()) co_await pause();
  doing(Activity::verdict);
  while (!interrupted_ && !log_.empty()) {
    tenant_.woken.close();
    co_await tenant_.woken.wait();
  }
}

des::Task<> Agent::sleep(Duration d) {
  if (d > Duration::zero() && !interrupted_) co_await timer_.wait(d);
}

AgentBoundaryPtr Agent::open_boundary() const {
  return log_.empty() || log_.back()->is_closed ? nullptr : log_.back();
}

recovery::Vertex Agent::newest() const {
  return log_.empty() ? recovery::Vertex{} : log_.back()->vertex;
}

// Opens a boundary when none is open; waits for a place in the window.
des::Task<> Agent::ensure_boundary() {
  while (!interrupted_ && !(open_boundary() && claimed())) {
    if (!claimed()) {
      co_await claim_room();
      continue;
    }
    if (static_cast<std::int64_t>(log_.size()) < w_.setup.verification.window) {
      open_new();
      co_return;
    }
    // The verdict may be up to somebody who needs this place in the batch.
    if (tenant_.running()) co_await pause();
    if (interrupted_ || static_cast<std::int64_t>(log_.size()) < w_.setup.verification.window)
      continue;
    doing(Activity::verdict);
    tenant_.woken.close();
    co_await tenant_.woken.wait();
  }
}

void Agent::open_new() {
  auto b = std::make_shared<AgentBoundary>();
  b->agent = id_;
  b->index = next_index_++;
  b->start = position_;
  b->began = w_.engine.now();
  b->place = {id_, position_.step, position_.decoded, 0};
  b->place.attempt = failures(b->place);
  b->anchor = anchor_;
  b->kept = std::exchange(ahead_, Bytes::zero());
  if (b->kept == Bytes::zero()) {
    b->kept = w_.retention.overhead(position_.context);
    w_.retention.open(b->kept);
  }
  b->vertex = w_.make(Item::tokens, id_, b.get(), b->index);
  w_.derive(newest(), b->vertex);
  log_.push_back(std::move(b));
  w_.out.window_max = std::max(w_.out.window_max, static_cast<std::int64_t>(log_.size()));
}

des::Task<> Agent::close() {
  const AgentBoundaryPtr b = open_boundary();
  if (!b) co_return;
  co_await checkpoint(*b);
  if (interrupted_) co_return;
  b->is_closed = true;
  b->closed = w_.engine.now();
  draw_boundary(*b);
  w_.close(b);
  const bool waits = w_.setup.verification.timing == Timing::pessimistic || pessimistic_;
  if (waits) doing(Activity::verdict);
  while (waits && !interrupted_ && !b->final) {
    if (tenant_.leaving()) co_await give_way();
    if (interrupted_ || b->final) break;
    tenant_.woken.close();
    co_await tenant_.woken.wait();
  }
}

// Until everything made so far is verified, with all it derives from.
des::Task<> Agent::settled_wait() {
  if (open_boundary()) co_await close();
  if (!log_.empty() && tenant_.running()) co_await pause();
  doing(Activity::verdict);
  while (!interrupted_ && !log_.empty()) {
    tenant_.woken.close();
    co_await tenant_.woken.wait();
  }
}

// Gives the place in the batch away while it waits for something else.
des::Task<> Agent::pause() {
  if (tenant_.running()) co_await leave_place(w_.setup.agents.paused_kv);
}

des::Task<> Agent::leave_place(PausedKv kv) {
  if (kv == PausedKv::keep) {
    w_.residency.keep(tenant_);
  } else if (kv == PausedKv::drop) {
    w_.residency.drop(tenant_);
  } else {
    const Bytes moved = w_.residency.swap(tenant_);
    const std::int64_t crashes = w_.out.crashes;
    w_.out.swapped += moved;
    doing(Activity::moving_kv);
    if (w_.book) w_.book->swapped(moved, Bytes::zero());
    co_await w_.move(hardware::pcie::Direction::to_host, moved);
    if (crashes != w_.out.crashes) w_.residency.truncate(tenant_, 0);  // half of it was lost
  }
}

void Agent::compact() {
  position_.context = w_.workload.context_tokens(id_);
  ++position_.epoch;
  w_.residency.truncate(tenant_, 0);
  cut_copy(0);
}

// --- rollback ---

void Agent::take_back(WayBack way) {
  if (!interrupted_) undone_at_ = w_.engine.now();
  whole_ = whole_ || way.whole || way.to.epoch != position_.epoch;
  refetch_ = refetch_ || way.persistent;
  position_ = std::move(way.to);
  next_index_ = way.index;
  retry_ = way.retries ? failures({id_, position_.step, position_.decoded, 0}) : 0;
  ++repairs_;
  interrupt();
}

void Agent::interrupt() {
  interrupted_ = true;
  if (running_ != nullptr) w_.batch.cancel(*running_);
  timer_.cancel();
  wake();
}

void Agent::repaired() {
  --repairs_;
  wake();
}

void Agent::stop() {
  stopped_ = true;
  wake();
}

void Agent::abandon() {
  if (ended_) return;
  if (!interrupted_) undone_at_ = w_.engine.now();
  stop();
  interrupt();
}

des::Task<> Agent::recover() {
  const auto& r = w_.setup.recovery;
  doing(Activity::repairing);
  w_.residency.withdraw(tenant_);
  release_claim();
  if (tenant_.running()) w_.residency.keep(tenant_);
  while (repairs_ > 0) {
    tenant_.woken.close();
    co_await tenant_.woken.wait();
  }
  if (stopped_) co_return;
  interrupted_ = false;
  const bool nothing_kept = r.checkpoint == recovery::Checkpoint::recompute;
  whole_ = whole_ || revoked_;
  w_.residency.truncate(tenant_, whole_ || nothing_kept ? 0 : position_.context);
  cut_copy(whole_ ? 0 : position_.context);
  computed_ = std::min(computed_, position_.context);
  if (w_.book) w_.book->memory();
  whole_ = false;
  Duration wait = r.truncate;
  if (retry_ > 0) wait += recovery::backoff(r.retry, retry_);
  if (revoked_ || (refetch_ && r.retry.refetch == recovery::Refetch::replica)) {
    wait += r.retry.refetch_time;
    ++replicas_;
    ++w_.out.refetches;
    anchored_ = w_.engine.now();
  }
  takes_anchor();
  refetch_ = false;
  co_await sleep(wait);
  w_.out.recovery_time.push_back(w_.engine.now() - undone_at_);
  if (des::TraceSink* trace = w_.traced(*this))
    trace->span(track, "rollback", undone_at_, w_.engine.now());
}

Amount Agent::running() const {
  if (running_ == nullptr) return {};
  return {w_.batch.decoded(*running_), std::llround(w_.batch.energy(*running_))};
}

std::int64_t Agent::count_failure(const recovery::Place& p) {
  return ++failures_[{p.step, p.token}];
}
std::int64_t Agent::failures(const recovery::Place& p) const {
  const auto at = failures_.find({p.step, p.token});
  return at == failures_.end() ? 0 : at->second;
}
void Agent::forget(const recovery::Place& p) { failures_.erase({p.step, p.token}); }

void Agent::withdraw(const Message* message) {
  const auto at = std::find_if(inbox_.begin(), inbox_.end(),
                               [&](const MessagePtr& m) { return m.get() == message; });
  if (at != inbox_.end()) inbox_.erase(at);
}

}  // namespace fieldsim::serving
