// The fast schedule against the full event simulation of every step, and against closed forms.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "sim/hardware/gpu/tile/schedule.hpp"

using namespace fieldsim::hardware::tile;

namespace {

constexpr double kRounding = 1e-9;

bool same(double a, double b) { return std::abs(a - b) <= kRounding * std::max({a, b, 1.0}); }

Grid random_grid(std::mt19937& random, bool uniform) {
  const auto pick = [&random](int lo, int hi) {
    return std::uniform_int_distribution<int>(lo, hi)(random);
  };
  Grid grid;
  const int runs = uniform ? 1 : pick(1, 6);
  for (int i = 0; i < runs; ++i)
    grid.runs.push_back({static_cast<double>(pick(i > 0 ? 0 : 1, 9)), pick(1, 4)});
  grid.groups = {pick(1, 3), pick(1, 3)};
  grid.repeats = pick(1, 3);
  return grid;
}

}  // namespace

TEST_CASE("the fast schedule equals the event simulation of every tile") {
  std::mt19937 random(7);
  const bool uniform = GENERATE(false, true);
  for (int i = 0; i < 400; ++i) {
    const Grid grid = random_grid(random, uniform);
    const CtaCost cost = {0.25 * (i % 5), 0.1 + 0.07 * (i % 11), 0.2};
    SmSlots slots;
    slots.ctas = 1 + i % 3;
    slots.alone = slots.ctas == 1 ? 1.0 : 0.5 + 0.1 * (i % 6);
    // Enough SMs that the exact waves hold the whole grid: the fluid part is tested below.
    const std::int64_t waves = slots.ctas == 1 ? kExactWaves : kExactSharedWaves;
    slots.sms = std::max<std::int64_t>(
        1 + i % 7, (grid.ctas() + waves * slots.ctas - 1) / (waves * slots.ctas));
    const double fast = makespan(grid, cost, slots);
    const double events = makespan_by_events(grid, cost, slots);
    INFO("case " << i << ": " << grid.ctas() << " CTAs on " << slots.sms << " x " << slots.ctas);
    REQUIRE(same(fast, events));
  }
}

TEST_CASE("equal CTAs: whole waves, then a ragged one") {
  Grid grid;
  grid.runs = {{4, 10}};
  const CtaCost cost = {1.0, 0.5, 0};
  CHECK(same(makespan(grid, cost, {10, 1, 1}), 3.0));
  CHECK(same(makespan(grid, cost, {9, 1, 1}), 6.0));     // one CTA of a second wave
  CHECK(same(makespan(grid, cost, {5, 2, 1}), 6.0));     // two residents share the pipes
  CHECK(same(makespan(grid, cost, {10, 2, 0.5}), 6.0));  // alone, a CTA reaches half of an SM
}

TEST_CASE("long lists: the fluid prefix is within one CTA of the event simulation") {
  for (const std::int64_t residents : {1, 2}) {
    Grid grid;
    for (int i = 8; i > 0; --i) grid.runs.push_back({static_cast<double>(i), 2});
    grid.groups = {4};
    grid.repeats = 40;
    const CtaCost cost = {0.5, 1.0, 0};
    const SmSlots slots = {16, residents, 1.0};
    const double fast = makespan(grid, cost, slots), events = makespan_by_events(grid, cost, slots);
    CHECK(std::abs(fast - events) <= cost.of(8) * static_cast<double>(residents));
    CHECK(std::abs(fast / events - 1) < 0.02);
  }
}

TEST_CASE("the event simulation reports every step of every CTA, in order, on one SM") {
  Grid grid;
  grid.runs = {{3, 2}, {1, 3}};
  std::vector<CtaTrace> trace;
  const double end = makespan_by_events(grid, {0.5, 1, 0}, {2, 1, 1}, &trace);
  REQUIRE(trace.size() == 5);
  CHECK(trace[0].ends.size() == 4);  // prologue and three steps
  CHECK(trace[4].ends.size() == 2);
  double last = 0;
  for (const CtaTrace& cta : trace) {
    CHECK(std::is_sorted(cta.ends.begin(), cta.ends.end()));
    CHECK(cta.ends.front() >= cta.start);
    last = std::max(last, cta.ends.back());
  }
  CHECK(same(last, end));
}

TEST_CASE("longest first ends earlier than shortest first when few waves run") {
  Grid longest, shortest;
  for (int i = 1; i <= 8; ++i) shortest.runs.push_back({static_cast<double>(i), 1});
  longest.runs.assign(shortest.runs.rbegin(), shortest.runs.rend());
  const CtaCost cost = {0, 1, 0};
  CHECK(makespan(longest, cost, {4, 1, 1}) == Approx(9));    // 8+1, 7+2, ...
  CHECK(makespan(shortest, cost, {4, 1, 1}) == Approx(12));  // 4+8
}
