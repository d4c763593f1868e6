// The event queue against a plain binary heap keyed by (time, sequence).
#include <catch2/catch.hpp>
#include <queue>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/des/event_queue.hpp"

using namespace fieldsim;
using fieldsim::des::EventQueue;

namespace {

struct Event {
  std::uint64_t time, sequence;
  bool operator>(const Event& o) const {
    return time != o.time ? time > o.time : sequence > o.sequence;
  }
};
using Oracle = std::priority_queue<Event, std::vector<Event>, std::greater<>>;

enum class Increments { exponential, skewed, tied, zero, pareto, lock_step, huge, mixed };

std::uint64_t draw(Increments kind, RandomStream& r) {
  constexpr std::uint64_t kFixed[] = {1, 8, 500, 1000, 2500, 10'000, 10'001, 1'000'000};
  switch (kind) {
    case Increments::exponential:
      return static_cast<std::uint64_t>(r.exponential(1e6));
    case Increments::skewed:
      return static_cast<std::uint64_t>(r.exponential(r.bernoulli(0.9) ? 1e3 : 1e9));
    case Increments::tied:
      return kFixed[r.below(8)];
    case Increments::zero:
      return r.bernoulli(0.5) ? 0 : static_cast<std::uint64_t>(r.exponential(1e4));
    case Increments::pareto:
      return static_cast<std::uint64_t>(1e4 / (r.uniform() + 1e-9));
    case Increments::lock_step:
      return 570;
    case Increments::huge:
      return r.below(1ULL << r.below(54));
    case Increments::mixed:
      return draw(static_cast<Increments>(r.below(7)), r);
  }
  return 0;
}

// One REQUIRE per pop would cost more than the queue: a difference is noted, and checked once.
struct Check {
  EventQueue& queue;
  Oracle& oracle;
  bool same = true;

  // Pops both; false when both say there is nothing at or before the limit.
  bool pop(EventQueue::Entry& e, std::uint64_t limit = EventQueue::kNoLimit) {
    const bool expected = !oracle.empty() && oracle.top().time <= limit;
    if (queue.pop(e, limit) != expected) return same = false;
    if (!expected) return false;
    same &= e.time == oracle.top().time && e.what == oracle.top().sequence;
    oracle.pop();
    same &= queue.size() == oracle.size();
    return same;
  }
};

// Holds `pending` events for `steps` steps in both; every pop must be the same.
void hold(Increments kind, std::size_t pending, int steps, std::uint64_t seed) {
  RandomStream r(seed, "hold");
  EventQueue queue;
  Oracle oracle;
  std::uint64_t sequence = 0;
  const auto push = [&](std::uint64_t time) {
    queue.push(time, sequence);
    oracle.push({time, sequence++});
  };
  for (std::size_t i = 0; i < pending; ++i) push(draw(kind, r));
  EventQueue::Entry e{};
  Check check{queue, oracle};
  for (int i = 0; i < steps && check.pop(e); ++i) {
    // Mostly one for one; now and then a burst, or none, around the same size.
    const std::uint64_t n = r.bernoulli(0.02) ? (oracle.size() < pending ? 5 : 0) : 1;
    for (std::uint64_t k = 0; k < n; ++k) push(e.time + draw(kind, r));
    if (oracle.empty()) push(e.time + draw(kind, r));
  }
  while (check.pop(e)) continue;
  REQUIRE(check.same);
  REQUIRE(oracle.empty());
}

}  // namespace

TEST_CASE("the queue pops in the order of a heap for every kind of increment") {
  for (const Increments kind :
       {Increments::exponential, Increments::skewed, Increments::tied, Increments::zero,
        Increments::pareto, Increments::lock_step, Increments::huge, Increments::mixed}) {
    CAPTURE(static_cast<int>(kind));
    hold(kind, 1, 1000, 1);
    hold(kind, 100, 40'000, 2);
    hold(kind, 5000, 60'000, 3);
  }
}

TEST_CASE("the queue pops in the order of a heap in many small random scenarios") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    RandomStream r(seed, "scenario");
    hold(static_cast<Increments>(r.below(8)), 1 + r.below(300), 500, seed);
  }
}

// Stops at limits, pushes between them, drops entries: what the engine does around its loop.
TEST_CASE("limits and dropped entries do not change the order") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomStream r(seed, "limits");
    const auto kind = static_cast<Increments>(r.below(8));
    EventQueue queue;
    Oracle oracle;
    std::uint64_t sequence = 0;
    std::uint64_t now = 0;
    EventQueue::Entry e{};
    for (int round = 0; round < 40; ++round) {
      const std::uint64_t n = r.below(r.bernoulli(0.2) ? 300 : 10);
      for (std::uint64_t k = 0; k < n; ++k) {
        const std::uint64_t time = now + draw(kind, r);
        queue.push(time, sequence);
        oracle.push({time, sequence++});
      }
      if (r.bernoulli(0.2)) {
        const std::uint64_t modulus = 1 + r.below(5);
        const auto drop = [&](std::uint64_t what) { return what % modulus == 0; };
        queue.remove_if(drop);
        Oracle kept;
        for (; !oracle.empty(); oracle.pop())
          if (!drop(oracle.top().sequence)) kept.push(oracle.top());
        oracle = std::move(kept);
        std::size_t counted = 0;
        queue.for_each([&](std::uint64_t) { ++counted; });
        REQUIRE(counted == oracle.size());
      }
      const std::uint64_t limit = now + draw(kind, r);
      Check check{queue, oracle};
      while (check.pop(e, limit)) {
        if (r.bernoulli(0.7)) {
          const std::uint64_t time = e.time + draw(kind, r);
          queue.push(time, sequence);
          oracle.push({time, sequence++});
        }
        if (sequence % 4096 == 0) break;
      }
      REQUIRE(check.same);
      now = oracle.empty() || oracle.top().time > limit ? limit : queue.now();
      if (queue.empty()) queue.rewind(now);
    }
  }
}
