#include "sim/verify/ledger.hpp"

#include <algorithm>
#include <bit>

#include "sim/des/trace.hpp"

namespace fieldsim::verify {

using hardware::Category;
using hardware::Limiter;

namespace {
constexpr std::int64_t kContradictions = 8;  // answers in a row that contradict each other
constexpr std::int64_t kLost = 1000;         // answers in a row that partitions swallowed
}  // namespace

std::int64_t path_length(std::int64_t entries) {
  return entries <= 1
             ? 0
             : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(entries - 1)));
}

Ledger::Ledger(des::Engine& engine, const LedgerParams& params, hardware::Host& host,
               const LedgerFaults& faults)
    : engine_(engine),
      params_(params),
      host_(host),
      path_(host.params().merkle_node * path_length(params.entries)),
      faults_(faults),
      revocations_(engine.random("ledger.revocation")),
      lies_(engine.random("ledger.equivocation")),
      refreshed_(engine),
      lanes_(engine, "ledger", "read") {
  if (faults.partition_every)
    partitions_.emplace(engine.seed(), "ledger.partition", *faults.partition_every,
                        faults.partition_lasts, Outages::Length::exponential);
  replace_anchor(Time::zero());
}

void Ledger::replace_anchor(Time now) {
  if (faults_.revoked_every)
    revoked_at_ = now + exponential_time(revocations_.uniform(), *faults_.revoked_every);
}

bool Ledger::caches() const {
  return params_.consistency == Consistency::cached_head ||
         params_.consistency == Consistency::lease;
}

bool Ledger::needs_round_trip() const {
  if (params_.consistency == Consistency::eventual) return false;
  return !caches() || !have_head_ || engine_.now() - head_at_ >= params_.max_age;
}

// In a partition, fail_open makes do with the last head while it is young enough.
bool Ledger::uses_old_head() {
  if (params_.partition != Partition::fail_open || !have_head_ || !partitions_) return false;
  if (!partitions_->down(engine_.now())) return false;
  return engine_.now() - head_at_ <= params_.open_limit;
}

des::Task<> Ledger::read(hardware::Account& spent, hardware::Trail& trail, Answer& answer_out) {
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
    if (uses_old_head())
      ++opened_;
    else
      co_await round_trip(spent, trail);
  }
  answer_out = answer(began);
  known_ = answer_out.as_of;
  co_await work(Limiter::merkle, path_, spent, trail);
  lanes_.give(lane, "read", began);
}

Answer Ledger::answer(Time asked) {
  Answer a;
  switch (params_.consistency) {
    case Consistency::none:
      break;
    case Consistency::eventual: {
      // The replica follows the log once in max_age (a maximum merge delay).
      const std::int64_t round = asked.since_start() / params_.max_age;
      a.as_of = Time::at(params_.max_age * round);
      a.lie = lies_.bernoulli_at(static_cast<std::uint64_t>(round), faults_.equivocation);
      break;
    }
    case Consistency::linearizable:
    case Consistency::quorum:
    case Consistency::cached_head:
    case Consistency::lease:
      a.as_of = head_at_;
      a.lie = head_lies_;
      break;
  }
  a.revoked = revoked_at_ && *revoked_at_ <= a.as_of && !a.lie;
  a.refused = refused_;
  if (a.lie) ++lies_accepted_;
  return a;
}

// Partitioned: no answer until it ends. One that begins while an answer is on its way loses it.
des::Task<> Ledger::wait_for_the_log(Time asked) {
  if (!partitions_ || !partitions_->down(engine_.now())) co_return;
  const Time began = engine_.now();
  co_await engine_.until(partitions_->up_again());
  partition_wait_ += engine_.now() - asked;
  if (auto* trace = engine_.trace())
    trace->span(trace->track("ledger", "partition"), "partitioned", began, engine_.now());
}

des::Task<> Ledger::round_trip(hardware::Account& spent, hardware::Trail& trail) {
  const Time began = engine_.now();
  refreshing_ = true;
  refreshed_.close();
  const bool logs = params_.consistency == Consistency::linearizable;
  const Duration trip = params_.round_trip + (logs ? params_.commit : Duration::zero());
  // Cosigners and the log's own majority contradict a lie; a single head's signature does not.
  const bool notices = logs || params_.consistency == Consistency::quorum;
  Time asked = began;
  std::int64_t contradicted = 0, lost = 0;
  bool lies = false, refused = false;
  for (bool again = true; again;) {
    asked = engine_.now();
    co_await wait_for_the_log(asked);
    if (engine_.now() > began) asked = engine_.now();
    ++round_trips_;
    co_await engine_.delay(trip);
    again = partitions_ && partitions_->began_within(asked, engine_.now());
    if (again) {
      refused = ++lost == kLost;
      again = !refused;
      continue;
    }
    lies = faults_.equivocation > 0 && lies_.bernoulli(faults_.equivocation);
    if (lies && notices) {
      ++lies_noticed_;
      refused = ++contradicted == kContradictions;
      again = !refused;
    }
  }
  spent.add(Category::ledger, engine_.now() - began);
  busy_ += engine_.now() - began;
  if (trail) {
    hardware::Peel peel(Category::ledger, engine_.now() - began);
    const Limiter after = logs ? Limiter::log_commit : Limiter::queue;
    trail.add(
        "ledger read", began, engine_.now(),
        peel.take(Limiter::round_trip, params_.round_trip).take(after, params_.commit).rest());
  }
  const std::int64_t signatures = params_.consistency == Consistency::quorum ? params_.cosigners
                                  : params_.consistency == Consistency::cached_head ? 1
                                                                                    : 0;
  if (signatures > 0)
    co_await work(Limiter::signature, host_.params().signature_verify * signatures, spent, trail);
  have_head_ = true;
  head_lies_ = lies;
  refused_ = refused;
  // A head may be as old as the question; a linearizable read takes its place in the log's order
  // at the commit, the end of the round trip.
  head_at_ = logs ? engine_.now() : asked;
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
