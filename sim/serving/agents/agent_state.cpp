// Where an agent's state lies: its place in the batch, checkpoints, what is left of its cache after
// a crash, and room for what is not verified.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using hardware::pcie::Direction;
using recovery::Checkpoint;

namespace {
constexpr std::int64_t kReadAndWrite = 2;  // a copy within one memory
}

// What keeping a way back costs before generation goes on. A copy that finds no room is not made.
des::Task<> Agent::checkpoint(AgentBoundary& b) {
  doing(Activity::moving_kv);
  co_await sleep(w_.setup.recovery.checkpoint_cost);
  const Bytes kv = w_.setup.kv_per_token * (b.tokens + b.prefilled);
  if (interrupted_ || kv == Bytes::zero()) co_return;
  if (w_.setup.recovery.checkpoint == Checkpoint::full_copy_device) {
    if (!w_.residency.set_aside(kv)) {
      w_.no_room_for_copy(kv);
      co_return;
    }
    b.copied = kv;
    w_.out.checkpointed += kv;
    co_await w_.machine.device.memory_flow(kv * kReadAndWrite, BytesPerSecond::max());
  }
  if (w_.setup.recovery.checkpoint == Checkpoint::full_copy_host) {
    const std::int64_t to = position_.context;
    if (to > host_copy_ && !w_.keep_on_host(w_.setup.kv_per_token * (to - host_copy_))) co_return;
    const std::int64_t before = std::exchange(host_copy_, std::max(host_copy_, to));
    w_.out.checkpointed += kv;
    co_await w_.move(Direction::to_host, kv);
    if (interrupted_) cut_copy(before);
  }
}

void Agent::cut_copy(std::int64_t tokens) {
  if (tokens >= host_copy_) return;
  w_.drop_on_host(w_.setup.kv_per_token * (host_copy_ - tokens));
  host_copy_ = tokens;
}

// A place in the batch and room for the whole step; false when interrupted.
des::Task<bool> Agent::take_place(std::int64_t target) {
  if (!tenant_.running()) {
    w_.residency.request(tenant_, position_.context + position_.to_prefill + target);
    doing(Activity::admission);
    while (!tenant_.running() && !interrupted_) {
      tenant_.woken.close();
      co_await tenant_.woken.wait();
    }
    if (interrupted_) co_return false;
    const Bytes back = w_.residency.take_swapped(tenant_);
    w_.out.swapped += back;
    doing(Activity::moving_kv);
    if (w_.book) w_.book->swapped(Bytes::zero(), back);
    co_await w_.move(hardware::pcie::Direction::to_device, back);
  }
  if (restores_ && !interrupted_) co_await restore();
  if (!interrupted_ && w_.anchors != nullptr) {
    const bool held = co_await take_anchors();
    if (!held) co_return false;
  }
  co_return !interrupted_;
}

void Agent::lose_cache() {
  if (ended_) return;
  if (w_.residency.lose(tenant_)) ++w_.out.lost_caches;
  restores_ = host_copy_ > 0;
}

// REQUIRES: a place in the batch, with room for the whole context.
des::Task<> Agent::restore() {
  const std::int64_t tokens = std::min(host_copy_, position_.context) - tenant_.cached();
  restores_ = false;
  if (tokens <= 0) co_return;
  const Bytes kv = w_.setup.kv_per_token * tokens;
  w_.out.restored += kv;
  doing(Activity::moving_kv);
  co_await w_.move(Direction::to_device, kv);
  if (interrupted_)
    restores_ = true;
  else
    w_.residency.append(tenant_, tokens);
}

void Agent::takes_anchor() {
  if (!std::exchange(revoked_, false)) return;
  w_.replace_anchor(anchor_);
  anchor_ = w_.anchor();
}

// --- room for what is not verified ---

// Who waits has no boundary open, so that the verdicts that it waits for can come.
des::Task<> Agent::claim_room() {
  bool waited = false;
  while (!interrupted_) {
    const bool opens = !open_boundary();
    const Bytes overhead = opens ? w_.retention.overhead(position_.context) : Bytes::zero();
    if (opens && !w_.retention.ever_fits(position_.context))
      w_.end_with(std::to_string((overhead + w_.retention.per_token()).count()) +
                  " bytes for one token");
    claim_ = w_.retention.claim(1, overhead);
    if (claim_ > 0) {
      ahead_ = overhead;
      w_.retention.open(overhead);
      break;
    }
    if (!opens) {
      co_await close();
    } else if (tenant_.running()) {
      co_await pause();
    } else {
      if (!waited) ++w_.out.throttled;
      w_.wait_for_room(*this, std::exchange(waited, true));
      doing(Activity::verdict);
      tenant_.woken.close();
      co_await tenant_.woken.wait();
    }
  }
  if (waited) w_.waits_no_more(*this);
}

void Agent::release_claim() {
  if (claim_ == 0 && ahead_ == Bytes::zero()) return;
  w_.retention.give_back(std::exchange(claim_, 0));
  w_.retention.close(std::exchange(ahead_, Bytes::zero()));
  w_.room_freed();
}

}  // namespace fieldsim::serving
