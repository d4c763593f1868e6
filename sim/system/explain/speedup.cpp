#include "sim/system/explain/speedup.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::system::explain {

namespace {

constexpr double kGrid = 1.01;     // factors are found to 1 %
constexpr double kWorth = 1.02;    // a speed-up below this is not worth a pair
constexpr std::size_t kFirst = 3;  // resources that pairs are built on: those that can do most
constexpr std::size_t kPairs = 6;  // pairs searched: those that can do most

std::optional<Knob::Turned> better(const Parameter& p, double factor) {
  auto t = p.knob.turned(p.better_when_larger() ? factor : 1.0 / factor);
  if (t && p.most && t->factor * static_cast<double>(p.knob.value()) > static_cast<double>(*p.most))
    return std::nullopt;
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
    const auto settle = [&](int n, double& speedup, std::string& assignment) {
      if (n == 0) return 1.0;
      const Trial t = attempt(one, grid(n), metric, baseline, evaluate);
      speedup = t.speedup > 0 ? t.speedup : 1.0;
      assignment = t.assignments.empty() ? "" : t.assignments.front();
      return t.factors.empty() ? 1.0 : t.factors.front();
    };
    a.factor = settle(at, a.speedup, a.assignment);
    settle(last, a.limit_speedup, a.limit_assignment);
    all.push_back(std::move(a));
  }
  return all;
}

namespace {

struct Pair {
  std::size_t first, second;
  double limit;  // speed-up with both turned as far as can be
};

// Pairs in which the second adds to the first, those that can do most first. What one resource
// hides shows only when it is out of the way, so the second is tried behind the first.
std::vector<Pair> promising(const std::vector<Alone>& alone, const Metric& metric,
                            const Baseline& baseline, const Evaluate& evaluate, const Goal& goal) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < alone.size(); ++i)
    if (alone[i].limit_speedup >= kWorth) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return alone[a].limit_speedup > alone[b].limit_speedup;
  });
  order.resize(std::min(order.size(), kFirst));
  std::vector<Pair> pairs;
  for (auto first = order.begin(); first != order.end(); ++first)
    for (std::size_t j = 0; j < alone.size(); ++j) {
      const Alone &a = alone[*first], &b = alone[j];
      if (std::find(order.begin(), first + 1, j) != first + 1 || b.limit_assignment.empty())
        continue;
      const Outcome o = evaluate({a.limit_assignment, b.limit_assignment});
      if (!o || (baseline.fits && !o.fits)) continue;
      const double limit = metric.speed(o.value) / metric.speed(baseline.value);
      const bool adds = limit >= kWorth * std::max(a.limit_speedup, b.limit_speedup);
      if (limit >= goal.speedup && adds)
        pairs.push_back({std::min(*first, j), std::max(*first, j), limit});
    }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.limit > b.limit; });
  pairs.resize(std::min(pairs.size(), kPairs));
  return pairs;
}

}  // namespace

std::vector<Together> together(const std::vector<Parameter>& parameters,
                               const std::vector<Alone>& alone, const Metric& metric,
                               const Baseline& baseline, const Evaluate& evaluate,
                               const Goal& goal) {
  std::vector<Together> all;
  for (const Pair& p : promising(alone, metric, baseline, evaluate, goal)) {
    const Alone &a = alone[p.first], &b = alone[p.second];
    const std::vector<const Parameter*> two = {&parameters[p.first], &parameters[p.second]};
    const int last = last_step(two, metric, baseline, evaluate, goal.most);
    const auto found = first_step(two, metric, baseline, evaluate, goal, last);
    if (!found) continue;
    const Trial t = attempt(two, grid(*found), metric, baseline, evaluate);
    // Less of both than of either alone, by more than the grid can tell.
    const double larger = std::max(t.factors[0], t.factors[1]) * kGrid;
    if ((a.reached && a.factor <= larger) || (b.reached && b.factor <= larger)) continue;
    all.push_back({a.label, b.label, t.factors[0], t.factors[1], t.speedup, t.assignments});
  }
  std::stable_sort(all.begin(), all.end(), [](const Together& a, const Together& b) {
    return a.first_factor * a.second_factor < b.first_factor * b.second_factor;
  });
  return all;
}

}  // namespace fieldsim::system::explain
