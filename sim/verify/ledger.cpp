#include "sim/verify/ledger.hpp"

#include <bit>

namespace fieldsim::verify {

using hardware::Category;
using hardware::Limiter;

std::int64_t path_length(std::int64_t entries) {
  return entries <= 1
             ? 0
             : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(entries - 1)));
}

Ledger::Ledger(des::Engine& engine, const LedgerParams& params, hardware::Host& host)
    : engine_(engine),
      params_(params),
      host_(host),
      path_(host.params().merkle_node * path_length(params.entries)),
      refreshed_(engine),
      lanes_(engine, "ledger", "read") {}

bool Ledger::caches() const {
  return params_.consistency == Consistency::cached_head ||
         params_.consistency == Consistency::lease;
}

bool Ledger::needs_round_trip() const {
  if (params_.consistency == Consistency::eventual) return false;
  return !caches() || !have_head_ || engine_.now() - head_at_ >= params_.max_age;
}

des::Task<> Ledger::read(hardware::Account& spent, hardware::Trail& trail) {
  if (params_.consistency == Consistency::none) co_return;
  ++reads_;
  const Time began = engine_.now();
  const std::size_t lane = lanes_.take();
  if (caches() && refreshing_) {
    // Somebody is asking already: wait for the same answer.
    co_await refreshed_.wait();
    spent.add(Category::ledger, engine_.now() - began);
    trail.join(refreshed_by_);
  } else if (needs_round_trip()) {
    co_await round_trip(spent, trail);
  }
  known_ = head_at_;
  co_await work(Limiter::merkle, path_, spent, trail);
  lanes_.give(lane, "read", began);
}

des::Task<> Ledger::round_trip(hardware::Account& spent, hardware::Trail& trail) {
  const Time began = engine_.now();
  ++round_trips_;
  refreshing_ = true;
  refreshed_.close();
  const bool logs = params_.consistency == Consistency::linearizable;
  co_await engine_.delay(params_.round_trip + (logs ? params_.commit : Duration::zero()));
  spent.add(Category::ledger, engine_.now() - began);
  busy_ += engine_.now() - began;
  if (trail) {
    hardware::Peel peel(Category::ledger, engine_.now() - began);
    trail.add("ledger read", began, engine_.now(),
              peel.take(Limiter::round_trip, params_.round_trip).rest(Limiter::log_commit));
  }
  const std::int64_t signatures = params_.consistency == Consistency::quorum ? params_.cosigners
                                  : params_.consistency == Consistency::cached_head ? 1
                                                                                    : 0;
  if (signatures > 0)
    co_await work(Limiter::signature, host_.params().signature_verify * signatures, spent, trail);
  have_head_ = true;
  head_at_ = began;  // the head may be as old as the question
  refreshing_ = false;
  refreshed_by_ = trail.head();
  refreshed_.open();
}

des::Task<> Ledger::work(Limiter limiter, Duration length, hardware::Account& spent,
                         hardware::Trail& trail) {
  const Time began = engine_.now();
  co_await host_.work(length);
  spent.add(Category::hash, engine_.now() - began);
  if (!trail) co_return;
  hardware::Peel peel(Category::hash, engine_.now() - began);
  trail.add(limiter == Limiter::merkle ? "Merkle path" : "signatures", began, engine_.now(),
            peel.take(limiter, length).rest());
}

}  // namespace fieldsim::verify
