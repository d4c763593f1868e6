#pragma once
// A resource whose rate is shared by the flows on it: a memory bus, a PCIe link, a pool of SMs. The
// shares are max-min fair: a flow with a maximum rate of its own below the fair share runs at it,
// all others share the rest equally (water filling; Bertsekas & Gallager, "Data Networks", 6.5.2).
//
// Arithmetic is exact in integers. One quantum of work is 2^-20 x 1e-12 of a unit, so that a rate
// of r units/s is r quanta a tick of 2^-20 ps. What does not divide by the number of flows is
// carried to the next step: a saturated link finishes a busy period at exactly ceil(total / rate),
// whatever happened in it, and a flow's own completion is within 1e-6 ps of the fluid model before
// it is rounded up to a whole ps. A transfer that follows at once on the last one, on a link
// otherwise idle, takes up within that ps: a train of packets loses nothing to rounding either.
// Flows of one maximum rate form a class with one virtual time: O(log n) an event, plus O(log n)
// for each class that crosses the fair share.
#include <coroutine>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/des/alarm.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/indexed_heap.hpp"
#include "sim/des/level.hpp"

namespace fieldsim::des {

namespace detail {

// FairShare without the units: amounts in units, rates in units per second.
class FairShareCore {
 public:
  static constexpr int kTickBits = 20;
  static constexpr std::int64_t kNoCap = std::numeric_limits<std::int64_t>::max();

  struct Flow {
    std::coroutine_handle<> handle;
    std::int64_t amount = 0;
    std::int64_t cap = kNoCap;
    Time earliest;  // start + amount / cap, rounded up: a flow never beats its own maximum
  };

  FairShareCore(Engine& engine, std::string_view name, std::int64_t rate);
  FairShareCore(const FairShareCore&) = delete;
  FairShareCore& operator=(const FairShareCore&) = delete;

  void start(Flow* flow, Time began);
  // Counts a transfer that ended before anybody could wait for it. REQUIRES: idle since `began`.
  bool finish_past(Time began, const Flow& flow);
  void set_rate(std::int64_t rate);

  bool idle() const { return flows_.value() == 0; }
  bool idle_since(Time t) const { return idle() && idle_from_ <= t; }
  std::int64_t rate() const { return rate_; }
  const Level& flows() const { return flows_; }
  const Level& busy() const { return busy_; }
  int128 amount_served() const { return served_; }
  Engine& engine() const { return *engine_; }

 private:
  using Ticks = int128;   // 2^-20 ps
  using Quanta = int128;  // 2^-20 x 1e-12 units

  struct Entry {
    Quanta finish;  // in the virtual time of its class
    std::uint64_t order;
    Flow* flow;
  };
  // The flows of one maximum rate. Shared: virtual time is pool_time_ + offset. Capped: it was
  // `offset` at `since` and grows by `cap` a tick.
  struct Class {
    std::int64_t cap = kNoCap;
    std::vector<Entry> flows;  // heap: first to finish on top
    Quanta offset = 0;
    Ticks since = 0;
    bool capped = false;
    int128 key = 0;  // shared: pool_time_ of the first finish; capped: its tick
    std::size_t place = 0;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.finish != b.finish ? a.finish > b.finish : a.order > b.order;
  }
  static std::coroutine_handle<> fire(void* self);
  static Ticks ticks(Time t) { return static_cast<int128>(t.since_start().count()) << kTickBits; }
  Ticks idle_start(Time began) const;
  void advance(Ticks to);
  Ticks next_completion() const;  // REQUIRES: not idle
  void run_completions(Ticks to);
  void serve_pool(Ticks to);
  void deal_carry();
  void serve_capped();
  void complete(Class* c);
  void rebalance();
  void cap_class(Class* c);
  void share_class(Class* c);
  void rekey(Class* c);
  void schedule();
  Class* class_of(std::int64_t cap);
  std::int64_t population(const Class* c) const {
    return static_cast<std::int64_t>(c->flows.size());
  }

  Engine* engine_;
  Alarm alarm_;
  std::int64_t rate_;
  Ticks clock_ = 0;       // everything is served up to here
  Ticks next_ = 0;        // of the next completion, unless idle
  Quanta pool_time_ = 0;  // service a shared flow received since the pool was last empty
  Quanta carry_ = 0;      // served, but not yet dealt out
  std::int64_t pool_flows_ = 0;
  int128 capped_rate_ = 0;  // sum of the maximum rates of capped flows
  Class uncapped_;
  std::map<std::int64_t, std::unique_ptr<Class>> classes_;  // by cap; only those with flows
  std::map<std::int64_t, std::unique_ptr<Class>>::iterator first_shared_;  // before it: capped
  std::vector<std::unique_ptr<Class>> spare_;
  IndexedHeap<Class> pool_;
  IndexedHeap<Class> capped_;
  std::uint64_t started_ = 0;
  int128 outstanding_ = 0;
  int128 served_ = 0;
  Time idle_from_;
  Level flows_;
  Level busy_;
  std::coroutine_handle<> first_done_;  // completed in the alarm's own event
  bool in_alarm_ = false;
};

}  // namespace detail

template <class Amount, class Rate>
class FairShare {
 public:
  class Transfer {
   public:
    Transfer(detail::FairShareCore* core, Time began, Amount amount, std::int64_t cap)
        : core_(core), began_(began) {
      flow_.amount = amount.count();
      flow_.cap = cap;
    }
    bool await_ready() const { return flow_.amount == 0 || core_->finish_past(began_, flow_); }
    void await_suspend(std::coroutine_handle<> h) {
      flow_.handle = h;
      core_->start(&flow_, began_);
    }
    void await_resume() const noexcept {}

   private:
    detail::FairShareCore* core_;
    Time began_;
    detail::FairShareCore::Flow flow_;
  };

  // The name enters the fingerprint where a transfer completes. REQUIRES: rate > 0.
  FairShare(Engine& engine, std::string_view name, Rate rate) : core_(engine, name, rate.count()) {}

  // co_await; done when the whole amount is through. REQUIRES: amount >= 0, cap > 0.
  Transfer transfer(Amount amount) {
    return transfer_from(core_.engine().now(), amount, detail::FairShareCore::kNoCap);
  }
  Transfer transfer(Amount amount, Rate cap) {
    return transfer_from(core_.engine().now(), amount, cap.count());
  }
  // As if begun at `started`, not later than now. REQUIRES: the resource has been idle since then.
  Transfer transfer_since(Time started, Amount amount) {
    return transfer_from(started, amount, detail::FairShareCore::kNoCap);
  }
  Transfer transfer_since(Time started, Amount amount, Rate cap) {
    return transfer_from(started, amount, cap.count());
  }

  void set_rate(Rate rate) { core_.set_rate(rate.count()); }  // from now on; REQUIRES: rate > 0
  Rate rate() const { return Rate::raw(core_.rate()); }
  bool idle() const { return core_.idle(); }
  bool idle_since(Time t) const { return core_.idle_since(t); }

  const Level& flows() const { return core_.flows(); }  // transfers under way
  const Level& busy() const { return core_.busy(); }    // 1 while there is one
  Amount served() const {                               // amounts of finished transfers
    return Amount::raw(fieldsim::detail::narrow(core_.amount_served()));
  }

 private:
  Transfer transfer_from(Time started, Amount amount, std::int64_t cap) {
    SIM_CHECK(amount >= Amount::zero() && cap > 0, "a transfer has a negative amount or no rate");
    return Transfer(&core_, started, amount, cap);
  }

  detail::FairShareCore core_;
};

using Link = FairShare<Bytes, BytesPerSecond>;
using ComputePool = FairShare<Flops, FlopsPerSecond>;

}  // namespace fieldsim::des
