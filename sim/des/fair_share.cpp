#include "sim/des/fair_share.hpp"

#include <algorithm>

namespace fieldsim::des::detail {

namespace {

// Outstanding work stays below 2^122 quanta, so that no product below overflows.
constexpr int128 kMostOutstanding = int128{1} << 62;

constexpr int128 quanta(std::int64_t amount) {
  return (static_cast<int128>(amount) * kPsPerSecond) << FairShareCore::kTickBits;
}

constexpr int128 ceil_div(int128 a, int128 b) { return a <= 0 ? 0 : (a + b - 1) / b; }

// The ps in which a tick falls, rounded up.
Time whole(int128 tick) {
  const int128 ps =
      (tick + (int128{1} << FairShareCore::kTickBits) - 1) >> FairShareCore::kTickBits;
  return Time::at(Duration::raw(fieldsim::detail::narrow(ps)));
}

}  // namespace

FairShareCore::FairShareCore(Engine& engine, std::string_view name, std::int64_t rate)
    : engine_(&engine),
      alarm_(engine, name, &FairShareCore::fire, this),
      rate_(rate),
      first_shared_(classes_.end()) {
  SIM_CHECK(rate > 0, "a shared resource has no rate");
}

// Where an idle link takes up work that began at `began`: what follows at once on the last
// completion continues within the same ps, so that a train of transfers loses nothing to rounding.
FairShareCore::Ticks FairShareCore::idle_start(Time began) const {
  return began == idle_from_ ? clock_ : ticks(began);
}

// A transfer that began in the past, alone: it may be over already.
bool FairShareCore::finish_past(Time began, const Flow& flow) {
  const Time now = engine_->now();
  if (began == now) return false;
  SIM_CHECK(began < now && idle_since(began), "a transfer is said to have begun on a busy link");
  const Ticks end_tick =
      idle_start(began) + ceil_div(quanta(flow.amount), std::min(rate_, flow.cap));
  const Time end = whole(end_tick);
  if (end > now) return false;
  clock_ = end_tick;
  carry_ = 0;
  flows_.add(began, 1);
  busy_.add(began, 1);
  flows_.add(end, -1);
  busy_.add(end, -1);
  served_ += flow.amount;
  idle_from_ = end;
  return true;
}

void FairShareCore::start(Flow* flow, Time began) {
  outstanding_ += flow->amount;
  if (outstanding_ > kMostOutstanding) fieldsim::detail::quantity_overflow();
  if (!idle()) advance(ticks(began));
  if (idle()) {
    pool_time_ = 0;
    if (began != idle_from_) carry_ = 0;
    clock_ = idle_start(began);
    busy_.add(began, 1);
  }
  const Quanta work = quanta(flow->amount);
  if (flow->cap != kNoCap) flow->earliest = whole(clock_ + ceil_div(work, flow->cap));
  flows_.add(began, 1);

  Class* c = class_of(flow->cap);
  Quanta virtual_now = pool_time_ + c->offset;
  if (c->capped) {
    virtual_now = c->offset + (clock_ - c->since) * c->cap;
    capped_rate_ += c->cap;
  } else {
    ++pool_flows_;
  }
  c->flows.push_back({virtual_now + work, started_++, flow});
  std::push_heap(c->flows.begin(), c->flows.end(), later);
  rekey(c);
  rebalance();
  next_ = next_completion();
  schedule();
}

void FairShareCore::set_rate(std::int64_t rate) {
  SIM_CHECK(rate > 0, "a shared resource has no rate");
  if (!idle()) advance(ticks(engine_->now()));
  rate_ = rate;
  if (idle()) return;
  rebalance();
  next_ = next_completion();
  schedule();
}

std::coroutine_handle<> FairShareCore::fire(void* self) {
  auto* core = static_cast<FairShareCore*>(self);
  core->in_alarm_ = true;
  core->run_completions(ticks(core->engine_->now()));
  core->in_alarm_ = false;
  core->schedule();
  return std::exchange(core->first_done_, nullptr);
}

void FairShareCore::schedule() {
  if (idle()) return alarm_.cancel();
  const Time when = whole(next_);
  if (!alarm_.armed() || alarm_.when() != when) alarm_.arm(when);
}

FairShareCore::Ticks FairShareCore::next_completion() const {
  Ticks first = 0;
  bool found = false;
  if (pool_flows_ > 0) {
    const Quanta need = pool_flows_ * (pool_.top()->key - pool_time_) - carry_;
    first = clock_ + ceil_div(need, rate_ - capped_rate_);
    found = true;
  }
  if (!capped_.empty() && (!found || capped_.top()->key < first)) first = capped_.top()->key;
  return first;
}

// Serves everybody through the completions up to `to`; clock_ stops at the last of them.
void FairShareCore::run_completions(Ticks to) {
  while (!idle() && next_ <= to) {
    serve_pool(next_);
    serve_capped();
    rebalance();
    if (!idle()) next_ = next_completion();
  }
}

// Serves everybody up to `to`, where a flow joins or the rate changes.
void FairShareCore::advance(Ticks to) {
  run_completions(to);
  if (idle()) return;
  serve_pool(to);
  deal_carry();
}

// Credits the shared flows with what they were served, before the pool takes in or lets go others.
void FairShareCore::deal_carry() {
  if (pool_flows_ == 0 || carry_ < pool_flows_) return;
  const Quanta share = carry_ / pool_flows_;
  pool_time_ += share;
  carry_ -= share * pool_flows_;
}

// Moves clock_ to `to` and hands the pool its work of that time, flow after flow as they finish;
// what finishes none of them stays in carry_.
void FairShareCore::serve_pool(Ticks to) {
  if (pool_flows_ > 0) carry_ += (rate_ - capped_rate_) * (to - clock_);
  clock_ = to;
  while (pool_flows_ > 0) {
    Class* c = pool_.top();
    const Quanta need = pool_flows_ * (c->key - pool_time_);
    if (need > carry_) break;
    carry_ -= need;
    pool_time_ = c->key;
    --pool_flows_;
    complete(c);
  }
}

void FairShareCore::serve_capped() {
  while (!capped_.empty() && capped_.top()->key <= clock_) {
    Class* c = capped_.top();
    const Quanta over = c->offset + (clock_ - c->since) * c->cap - c->flows.front().finish;
    if (pool_flows_ > 0) carry_ += over;  // the rest of its last tick goes to the others
    capped_rate_ -= c->cap;
    complete(c);
  }
}

// Takes the first flow out of a class and wakes its process.
void FairShareCore::complete(Class* c) {
  std::pop_heap(c->flows.begin(), c->flows.end(), later);
  const Flow* flow = c->flows.back().flow;
  c->flows.pop_back();
  const Time now = engine_->now();
  flows_.add(now, -1);
  served_ += flow->amount;
  outstanding_ -= flow->amount;
  if (flows_.value() == 0) {
    busy_.add(now, -1);
    idle_from_ = now;
  }
  if (flow->earliest > now) {
    engine_->resume_at(flow->earliest, flow->handle);
  } else if (in_alarm_ && !first_done_) {
    first_done_ = flow->handle;
  } else {
    engine_->resume_now(flow->handle);
  }
  if (!c->flows.empty()) return rekey(c);
  (c->capped ? capped_ : pool_).remove(c);
  if (c == &uncapped_) return;
  const auto it = classes_.find(c->cap);
  if (it == first_shared_) ++first_shared_;
  spare_.push_back(std::move(it->second));
  classes_.erase(it);
}

// The class for flows of this maximum rate; a new one takes the side of its neighbours.
FairShareCore::Class* FairShareCore::class_of(std::int64_t cap) {
  if (cap == kNoCap) {
    if (uncapped_.flows.empty()) {
      uncapped_.offset = -pool_time_;
      pool_.insert(&uncapped_);
    }
    return &uncapped_;
  }
  auto it = classes_.lower_bound(cap);
  if (it != classes_.end() && it->first == cap) return it->second.get();
  std::unique_ptr<Class> fresh;
  if (spare_.empty()) {
    fresh = std::make_unique<Class>();
  } else {
    fresh = std::move(spare_.back());
    spare_.pop_back();
  }
  Class* c = fresh.get();
  c->cap = cap;
  c->capped = it != first_shared_ && it != classes_.end() && it->second->capped;
  c->since = clock_;
  c->offset = c->capped ? 0 : -pool_time_;
  const bool begins_shared = it == first_shared_ && !c->capped;
  it = classes_.emplace_hint(it, cap, std::move(fresh));
  if (begins_shared) first_shared_ = it;
  (c->capped ? capped_ : pool_).insert(c);
  return c;
}

// Moves the boundary between capped and shared classes to where the fair share is. A class is
// capped when its maximum is below the share the pool would have with it inside.
void FairShareCore::rebalance() {
  while (first_shared_ != classes_.begin()) {
    const auto last_capped = std::prev(first_shared_);
    if (int128{last_capped->first} * pool_flows_ < rate_ - capped_rate_) break;
    share_class(last_capped->second.get());
    first_shared_ = last_capped;
  }
  while (first_shared_ != classes_.end() &&
         int128{first_shared_->first} * pool_flows_ < rate_ - capped_rate_) {
    cap_class(first_shared_->second.get());
    ++first_shared_;
  }
  if (pool_flows_ == 0 && !idle()) carry_ = 0;  // nobody is left who could use it
}

void FairShareCore::cap_class(Class* c) {
  deal_carry();
  pool_.remove(c);
  c->offset += pool_time_;
  c->since = clock_;
  c->capped = true;
  pool_flows_ -= population(c);
  capped_rate_ += int128{c->cap} * population(c);
  capped_.insert(c);
  rekey(c);
}

void FairShareCore::share_class(Class* c) {
  deal_carry();
  capped_.remove(c);
  c->offset += (clock_ - c->since) * c->cap - pool_time_;
  c->capped = false;
  capped_rate_ -= int128{c->cap} * population(c);
  pool_flows_ += population(c);
  pool_.insert(c);
  rekey(c);
}

void FairShareCore::rekey(Class* c) {
  const Quanta finish = c->flows.front().finish;
  if (c->capped) {
    c->key = c->since + ceil_div(finish - c->offset, c->cap);
    capped_.update(c);
  } else {
    c->key = finish - c->offset;
    pool_.update(c);
  }
}

}  // namespace fieldsim::des::detail
