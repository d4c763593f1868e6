#include "sim/system/explain/elasticity.hpp"

#include <cmath>

namespace fieldsim::system::explain {

namespace {

// Rounding of times to picoseconds and of rates to bytes a second stays far below this; the bends
// worth a word are far above.
constexpr double kAgreement = 2e-4;  // of the speed

std::optional<Knob::Turned> turned(const Knob& knob, int direction) {
  auto t = knob.turned(1.0 + direction * kStep);
  if (t || !knob.is_count()) return t;
  return knob.moved(direction);
}

std::optional<Side> side(const Parameter& p, int direction, const Metric& metric,
                         const CriticalPath* path, double baseline, const Evaluate& evaluate) {
  const auto t = turned(p.knob, direction);
  if (!t) return std::nullopt;
  Side s;
  s.assignment = t->assignment;
  s.factor = t->factor;
  if (path != nullptr)
    if (const auto ratio = predicted(p, metric, *path, t->factor)) s.predicted_gain = *ratio - 1.0;
  const Outcome o = evaluate({t->assignment});
  if (!o) {
    s.problem = o.problem.empty() ? "the metric is zero" : o.problem;
    return s;
  }
  s.value = o.value;
  s.fits = o.fits;
  s.gain = metric.speed(o.value) / metric.speed(baseline) - 1.0;
  s.kink = s.predicted_gain && std::fabs(s.gain - *s.predicted_gain) > kAgreement;
  return s;
}

}  // namespace

std::vector<Elasticity> elasticities(const std::vector<Parameter>& parameters, const Metric& metric,
                                     const CriticalPath* path, double baseline,
                                     const Evaluate& evaluate) {
  std::vector<Elasticity> all;
  for (const Parameter& p : parameters) {
    Elasticity e{p,
                 side(p, +1, metric, path, baseline, evaluate),
                 side(p, -1, metric, path, baseline, evaluate),
                 {},
                 {}};
    const bool up = e.up && e.up->problem.empty(), down = e.down && e.down->problem.empty();
    const double above = up ? e.up->value : baseline, below = down ? e.down->value : baseline;
    const double more = up ? e.up->factor : 1.0, less = down ? e.down->factor : 1.0;
    if (up || down) e.measured = std::log(above / below) / std::log(more / less);
    if (path != nullptr) {
      constexpr double kTiny = 1e-6;
      if (const auto ratio = predicted(p, metric, *path, 1.0 + kTiny))
        e.predicted = std::log(*ratio) / std::log1p(kTiny) * (metric.higher_is_better ? 1.0 : -1.0);
    }
    all.push_back(std::move(e));
  }
  return all;
}

}  // namespace fieldsim::system::explain
