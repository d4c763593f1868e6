#include "sim/system/explain/speedup.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::system::explain {

namespace {

constexpr double kGrid = 1.01;      // factors are found to 1 %
constexpr double kWorth = 1.02;     // of a pair, each resource must do this much alone
constexpr std::size_t kPaired = 4;  // of those, the ones that can do most

std::optional<Knob::Turned> better(const Parameter& p, double factor) {
  auto t = p.knob.turned(p.better_when_larger() ? factor : 1.0 / factor);
  if (t && !p.better_when_larger()) t->factor = 1.0 / t->factor;
  return t;
}

struct Trial {
  double speedup = 0;  // zero: cannot be had
  std::vector<std::string> assignments;
  std::vector<double> factors;  // as they came out
};

Trial attempt(const std::vector<const Parameter*>& turned, double factor, const Metric& metric,
              const Baseline& baseline, const Evaluate& evaluate) {
  Trial t;
  for (const Parameter* p : turned)
    if (auto a = better(*p, factor)) {
      t.assignments.push_back(std::move(a->assignment));
      t.factors.push_back(a->factor);
    }
  if (t.assignments.size() != turned.size()) return {};
  const Outcome o = evaluate(t.assignments);
  if (!o || (baseline.fits && !o.fits)) return t;
  t.speedup = metric.speed(o.value) / metric.speed(baseline.value);
  return t;
}

double grid(int n) { return std::pow(kGrid, n); }

// The largest step of the grid that can be had at all: ranges and memory end somewhere.
int last_step(const std::vector<const Parameter*>& turned, const Metric& metric,
              const Baseline& baseline, const Evaluate& evaluate, double most) {
  const int end = static_cast<int>(std::log(most) / std::log(kGrid));
  const auto possible = [&](int n) {
    return attempt(turned, grid(n), metric, baseline, evaluate).speedup > 0;
  };
  if (possible(end)) return end;
  int can = 0, cannot = end;
  while (cannot - can > 1) {
    const int middle = (can + cannot) / 2;
    (possible(middle) ? can : cannot) = middle;
  }
  return can;
}

// The first step that reaches the goal; nothing when the last does not.
std::optional<int> first_step(const std::vector<const Parameter*>& turned, const Metric& metric,
                              const Baseline& baseline, const Evaluate& evaluate, const Goal& goal,
                              int last) {
  const auto reaches = [&](int n) {
    return n > 0 && attempt(turned, grid(n), metric, baseline, evaluate).speedup >= goal.speedup;
  };
  if (!reaches(last)) return std::nullopt;
  int below = 0, at = last;
  while (at - below > 1) {
    const int middle = (below + at) / 2;
    (reaches(middle) ? at : below) = middle;
  }
  return at;
}

}  // namespace

std::vector<Alone> alone(const std::vector<Parameter>& parameters, const Metric& metric,
                         const Baseline& baseline, const Evaluate& evaluate, const Goal& goal) {
  std::vector<Alone> all;
  for (const Parameter& p : parameters) {
    Alone a;
    a.label = p.label;
    a.path = p.knob.path();
    const std::vector<const Parameter*> one = {&p};
    const int last = last_step(one, metric, baseline, evaluate, goal.most);
    const auto found = first_step(one, metric, baseline, evaluate, goal, last);
    a.reached = found.has_value();
    const int at = found.value_or(last);
    if (at > 0) {
      const Trial t = attempt(one, grid(at), metric, baseline, evaluate);
      a.factor = t.factors.empty() ? 1.0 : t.factors.front();
      a.speedup = t.speedup > 0 ? t.speedup : 1.0;
      a.assignment = t.assignments.empty() ? "" : t.assignments.front();
    }
    all.push_back(std::move(a));
  }
  return all;
}

std::vector<Together> together(const std::vector<Parameter>& parameters,
                               const std::vector<Alone>& alone, const Metric& metric,
                               const Baseline& baseline, const Evaluate& evaluate,
                               const Goal& goal) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < alone.size(); ++i)
    if (alone[i].speedup >= kWorth) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (alone[a].reached != alone[b].reached) return alone[a].reached;
    return alone[a].reached ? alone[a].factor < alone[b].factor
                            : alone[a].speedup > alone[b].speedup;
  });
  order.resize(std::min(order.size(), kPaired));
  std::sort(order.begin(), order.end());
  std::vector<Together> pairs;
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const Alone &a = alone[order[i]], &b = alone[order[j]];
      const std::vector<const Parameter*> two = {&parameters[order[i]], &parameters[order[j]]};
      const int last = last_step(two, metric, baseline, evaluate, goal.most);
      const auto found = first_step(two, metric, baseline, evaluate, goal, last);
      if (!found) continue;
      const double factor = grid(*found);
      const Trial t = attempt(two, factor, metric, baseline, evaluate);
      // Less of both than of either alone, by more than the grid can tell.
      const double larger = std::max(t.factors[0], t.factors[1]) * kGrid;
      if ((a.reached && a.factor <= larger) || (b.reached && b.factor <= larger)) continue;
      pairs.push_back({a.label, b.label, t.factors[0], t.factors[1], t.speedup, t.assignments});
    }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Together& a, const Together& b) {
    return a.first_factor * a.second_factor < b.first_factor * b.second_factor;
  });
  return pairs;
}

}  // namespace fieldsim::system::explain
