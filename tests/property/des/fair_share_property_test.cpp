// The shared link against a slow fluid simulation in long double, under random scenarios.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/des/fair_share.hpp"

using namespace fieldsim;
using namespace fieldsim::des;

namespace {

struct Flow {
  std::int64_t start, amount, cap;  // ps, B, B/s; cap 0: none
};

// Completion times of max-min fair flows, by stepping from one arrival or completion to the next
// and filling the water level anew each time: O(n^2 log n).
std::vector<long double> fluid(std::int64_t rate, const std::vector<Flow>& flows) {
  const std::size_t n = flows.size();
  std::vector<long double> left(n), done(n, -1.0L);
  for (std::size_t i = 0; i < n; ++i) left[i] = static_cast<long double>(flows[i].amount);
  long double now = 0;
  for (;;) {
    std::vector<std::size_t> active;
    long double next_start = std::numeric_limits<long double>::infinity();
    for (std::size_t i = 0; i < n; ++i) {
      if (done[i] >= 0) continue;
      const auto start = static_cast<long double>(flows[i].start);
      if (start <= now) {
        active.push_back(i);
      } else {
        next_start = std::min(next_start, start);
      }
    }
    if (active.empty()) {
      if (std::isinf(next_start)) return done;
      now = next_start;
      continue;
    }
    const auto cap = [&](std::size_t i) {
      return flows[i].cap == 0 ? 1e30L : static_cast<long double>(flows[i].cap);
    };
    std::sort(active.begin(), active.end(), [&](auto a, auto b) { return cap(a) < cap(b); });
    std::vector<long double> speed(n);
    auto rest = static_cast<long double>(rate);
    for (std::size_t k = 0; k < active.size(); ++k) {
      const long double s =
          std::min(cap(active[k]), rest / static_cast<long double>(active.size() - k));
      speed[active[k]] = s / 1e12L;  // B/ps
      rest -= s;
    }
    long double step = next_start - now;
    for (const std::size_t i : active) step = std::min(step, left[i] / speed[i]);
    now += step;
    for (const std::size_t i : active) {
      left[i] -= speed[i] * step;
      if (left[i] <= 1e-9L) done[i] = now;
    }
  }
}

Process transfer(Engine& engine, Link& link, Flow f, std::int64_t& done) {
  co_await engine.delay(Duration::raw(f.start));
  if (f.cap == 0) {
    co_await link.transfer(Bytes::raw(f.amount));
  } else {
    co_await link.transfer(Bytes::raw(f.amount), BytesPerSecond::raw(f.cap));
  }
  done = engine.now().since_start().count();
}

struct Scenario {
  std::int64_t rate;
  std::vector<Flow> flows;
};

Scenario draw(RandomStream& r) {
  constexpr std::int64_t kRates[] = {3, 1'000'000'000, 52'300'000'007, 3'350'000'000'000};
  Scenario s{kRates[r.below(4)], {}};
  const std::uint64_t n = 1 + r.below(r.bernoulli(0.2) ? 60 : 8);
  const bool few_caps = r.bernoulli(0.5);
  const bool lock_step = r.bernoulli(0.3);
  const double load = 0.2 + 2 * r.uniform();
  const double mean_amount = s.rate < 100 ? 20 : 5000;
  const double mean_gap = mean_amount / static_cast<double>(s.rate) * 1e12 / load;
  double at = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    Flow f{};
    if (!r.bernoulli(0.2)) at += lock_step ? std::floor(mean_gap) : r.exponential(mean_gap);
    f.start = static_cast<std::int64_t>(at);
    f.amount = lock_step ? 1 + static_cast<std::int64_t>(r.below(3)) * 1000
                         : 1 + static_cast<std::int64_t>(r.exponential(mean_amount));
    if (r.bernoulli(0.5)) {
      const double share =
          few_caps ? 0.125 * static_cast<double>(1 + r.below(9)) : 1.2 * r.uniform();
      f.cap = 1 + static_cast<std::int64_t>(static_cast<double>(s.rate) * share);
    }
    s.flows.push_back(f);
  }
  return s;
}

struct Run {
  std::vector<std::int64_t> done;
  std::int64_t served, busy_ps;
};

Run simulate(const Scenario& s) {
  Engine engine;
  Link link(engine, "link", BytesPerSecond::raw(s.rate));
  Run run{std::vector<std::int64_t>(s.flows.size(), -1), 0, 0};
  for (std::size_t i = 0; i < s.flows.size(); ++i)
    engine.spawn(transfer(engine, link, s.flows[i], run.done[i]), "flow");
  engine.run();
  REQUIRE(engine.blocked().count == 0);
  run.served = link.served().count();
  run.busy_ps = static_cast<std::int64_t>(link.busy().integral(engine.now()));
  return run;
}

int128 ceil_div(int128 a, int128 b) { return (a + b - 1) / b; }

}  // namespace

TEST_CASE("every flow completes within a picosecond of the fluid model") {
  int exact = 0;
  int flows = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    RandomStream r(seed, "fair_share");
    const Scenario s = draw(r);
    const Run run = simulate(s);
    const std::vector<long double> oracle = fluid(s.rate, s.flows);
    for (std::size_t i = 0; i < s.flows.size(); ++i) {
      const auto done = static_cast<long double>(run.done[i]);
      // The oracle's own rounding is relative to its time.
      const long double slack = 1e-3L + oracle[i] * 1e-15L;
      if (done < oracle[i] - slack || done > oracle[i] + 1 + slack)
        FAIL("done at " << run.done[i] << " ps, fluid model " << static_cast<double>(oracle[i]));
      exact += done == std::ceil(oracle[i]) ? 1 : 0;
      ++flows;
    }
  }
  CHECK(exact >= flows * 99 / 100);
}

TEST_CASE("bytes in are bytes out, and neither the link nor a flow beats its rate") {
  for (std::uint64_t seed = 10'000; seed < 13'000; ++seed) {
    CAPTURE(seed);
    RandomStream r(seed, "fair_share");
    const Scenario s = draw(r);
    const Run run = simulate(s);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < s.flows.size(); ++i) {
      const Flow& f = s.flows[i];
      total += f.amount;
      const std::int64_t best = f.cap == 0 ? s.rate : std::min(s.rate, f.cap);
      if (int128{run.done[i] - f.start} * best < int128{f.amount} * kPsPerSecond)
        FAIL("flow " << i << " was faster than its maximum");
      // What started at or after t and was done by u fits into [t, u], for every pair.
      for (const Flow& from : s.flows) {
        int128 inside = 0;
        for (std::size_t k = 0; k < s.flows.size(); ++k)
          if (s.flows[k].start >= from.start && run.done[k] <= run.done[i])
            inside += s.flows[k].amount;
        const int128 span = std::max<std::int64_t>(0, run.done[i] - from.start);
        if (inside * kPsPerSecond > span * s.rate) FAIL("the link was faster than its rate");
      }
    }
    REQUIRE(run.served == total);
    const auto idle_ps =
        static_cast<long double>(int128{run.busy_ps} * s.rate - int128{total} * kPsPerSecond);
    CAPTURE(idle_ps, run.busy_ps, s.rate, total);
    REQUIRE(idle_ps >= 0);
  }
}

TEST_CASE("a busy period without caps ends at exactly the total over the rate, rounded up") {
  for (std::uint64_t seed = 20'000; seed < 22'000; ++seed) {
    CAPTURE(seed);
    RandomStream r(seed, "fair_share");
    Scenario s = draw(r);
    for (Flow& f : s.flows) f.cap = 0;
    // One more flow at time 0 that outlasts the last arrival: a single busy period.
    int128 total = 0;
    for (const Flow& f : s.flows) total += f.amount;
    const std::int64_t span = s.flows.back().start;
    Flow anchor{0, 1 + static_cast<std::int64_t>(int128{span} * s.rate / kPsPerSecond), 0};
    s.flows.push_back(anchor);
    total += anchor.amount;
    const Run run = simulate(s);
    REQUIRE(*std::max_element(run.done.begin(), run.done.end()) ==
            ceil_div(total * kPsPerSecond, s.rate));
  }
}
