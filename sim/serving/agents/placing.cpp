// How a request gets room in memory and its anchors, and how it gives them up for an earlier one.
#include <utility>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

// The first token is a stretch of its own, which ends when it is there; then to the block's end.
std::int64_t Agent::lease() const {
  if (position_.decoded == 0) return 1;
  const std::int64_t block = w_.setup.pool.block_tokens;
  return block - position_.context % block;
}

// Blocks for `tokens` in all; false when it was interrupted or had to go.
des::Task<bool> Agent::grow(std::int64_t tokens) {
  while (!tenant_.leaving() && !w_.residency.grow(tenant_, tokens) && !tenant_.leaving()) {
    doing(Activity::admission);
    tenant_.woken.close();
    co_await tenant_.woken.wait();
    if (interrupted_) co_return false;
  }
  if (!tenant_.leaving()) co_return true;
  co_await give_way();
  co_return false;
}

// An earlier request needs the room: the place goes, and the cache goes or moves to the host.
des::Task<> Agent::give_way() {
  w_.book->preempted(id_);
  release_claim();
  const bool swaps = w_.setup.serving->preemption == Preemption::swap;
  co_await leave_place(swaps ? PausedKv::swap : PausedKv::drop);
  w_.book->memory();
}

// Shares the pages of its anchors while it has its place; false when it could not have them, or was
// interrupted.
des::Task<bool> Agent::take_anchors() {
  bool again = false;
  while (static_cast<std::int64_t>(tenant_.pages.size()) < w_.anchors_per_request) {
    const auto i = static_cast<std::int64_t>(tenant_.pages.size());
    BlockTable pages(Holder::sequence, static_cast<std::uint64_t>(id_));
    hardware::Account spent;
    doing(Activity::reading);
    const AnchorOutcome outcome =
        co_await w_.anchors->use(w_.anchors->wanted(id_, i), pages, spent);
    w_.book->memory();
    if (outcome == AnchorOutcome::ready || outcome == AnchorOutcome::missed)
      tenant_.pages.push_back(std::move(pages));
    if (outcome == AnchorOutcome::failed) {
      if (const auto b = open_boundary(); b && b->tokens > 0) co_await close();
      stop();
    }
    if (outcome == AnchorOutcome::no_room) {
      // Silently: two who woke each other would drive each other out for ever. The last one has
      // nobody to wait for, and all the room.
      w_.residency.let_go_of_pages(tenant_);
      if (w_.residency.alone(tenant_) && !interrupted_ && !std::exchange(again, true)) continue;
      release_claim();
      w_.residency.keep(tenant_);
      doing(Activity::admission);
      w_.place_released.close();
      co_await w_.place_released.wait();
    }
    if (outcome == AnchorOutcome::failed || outcome == AnchorOutcome::no_room) co_return false;
  }
  co_return !interrupted_;
}

}  // namespace fieldsim::serving
