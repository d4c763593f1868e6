#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/hardware/gpu/tile/schedule.hpp"

namespace fieldsim::hardware::tile {
namespace {

constexpr double kSameInstant = 1e-9;  // relative: rounding only

struct Cta {
  std::size_t id = 0;
  double left = 0;        // of the current segment
  double next_steps = 0;  // whole and fractional steps after it
};

struct Sm {
  std::vector<Cta> residents;
};

// All CTAs of the grid in the order in which they are dispatched, one by one.
std::vector<double> dispatch_order(const Grid& grid) {
  std::vector<double> steps;
  for (std::int64_t p = 0; p < grid.repeats; ++p)
    for (const std::int64_t heads : grid.groups)
      for (const CtaRun& run : grid.runs)
        steps.insert(steps.end(), static_cast<std::size_t>(run.repeat * heads), run.steps);
  return steps;
}

double speed(const SmSlots& slots, std::size_t residents) {
  if (slots.ctas <= 1) return 1.0;
  const auto n = static_cast<double>(residents);
  const double share = (n - 1) / static_cast<double>(slots.ctas - 1);
  return (slots.alone + (1 - slots.alone) * share) / n;
}

}  // namespace

double makespan_by_events(const Grid& grid, const CtaCost& cost, const SmSlots& slots,
                          std::vector<CtaTrace>* trace) {
  SIM_CHECK(slots.sms >= 1 && slots.ctas >= 1, "a grid runs on at least one SM slot");
  const std::vector<double> order = dispatch_order(grid);
  std::vector<Sm> sms(static_cast<std::size_t>(slots.sms));
  if (trace) trace->assign(order.size(), CtaTrace{});
  double now = 0;
  std::size_t next = 0;
  while (true) {
    while (next < order.size()) {  // breadth first: the SM with the fewest residents
      const auto best = std::min_element(sms.begin(), sms.end(), [](const Sm& a, const Sm& b) {
        return a.residents.size() < b.residents.size();
      });
      if (static_cast<std::int64_t>(best->residents.size()) >= slots.ctas) break;
      const double steps = order[next];
      best->residents.push_back({next, steps > 0 ? cost.prologue : cost.skipped, steps});
      if (trace) (*trace)[next].sm = best - sms.begin(), (*trace)[next].start = now;
      ++next;
    }
    double wait = std::numeric_limits<double>::infinity();
    for (const Sm& sm : sms)
      for (const Cta& cta : sm.residents)
        wait = std::min(wait, cta.left / speed(slots, sm.residents.size()));
    if (wait == std::numeric_limits<double>::infinity()) return now;
    now += wait;
    for (Sm& sm : sms) {
      const double done = wait * (sm.residents.empty() ? 0 : speed(slots, sm.residents.size()));
      for (Cta& cta : sm.residents) cta.left -= done;
      std::erase_if(sm.residents, [&](Cta& cta) {
        if (cta.left > now * kSameInstant) return false;
        if (trace) (*trace)[cta.id].ends.push_back(now);
        const double step = std::min(cta.next_steps, 1.0);
        cta.next_steps -= step;
        cta.left = step * cost.step;
        return step <= 0;
      });
    }
  }
}

}  // namespace fieldsim::hardware::tile
