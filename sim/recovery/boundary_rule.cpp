#include "sim/recovery/boundary_rule.hpp"

#include <cmath>

#include "sim/recovery/corruption.hpp"

namespace fieldsim::recovery {

namespace {

// Geometric on 1, 2, ... with the given mean: the number of tokens until a step or effect ends.
std::int64_t length(double uniform, std::int64_t mean) {
  if (mean <= 1) return 1;
  const double n = portable_log(uniform) / portable_log(1.0 - 1.0 / static_cast<double>(mean));
  return 1 + static_cast<std::int64_t>(n);
}

}  // namespace

bool closes(const verify::BoundaryParams& params, const Boundary& b, Time now, Bytes kv_bytes) {
  const verify::BoundaryRules& r = params.rules();
  return (r.every_tokens && b.tokens >= *r.every_tokens) ||
         (r.every && now - b.began >= *r.every) ||
         (r.dirty_bytes && kv_bytes * b.tokens >= *r.dirty_bytes);
}

double young_interval(double cost, double silent_rate, double fail_stop_rate) {
  return std::sqrt(cost / (silent_rate + fail_stop_rate / 2));
}

BoundaryRule::BoundaryRule(std::uint64_t seed, const verify::BoundaryParams& params)
    : params_(params),
      semantic_(seed, "boundary.semantic_step"),
      effects_(seed, "boundary.external_effect") {}

void BoundaryRule::begin(Boundary& b) {
  const verify::BoundaryRules& r = params_.rules();
  const std::uint64_t i = Corruption::draw(b);
  if (r.semantic_step) b.semantic_end = length(semantic_.uniform_at(i), *r.semantic_step);
  if (r.external_effect) b.effect_end = length(effects_.uniform_at(i), *r.external_effect);
}

bool BoundaryRule::closes(const Boundary& b, Time now, Bytes kv_bytes) const {
  return recovery::closes(params_, b, now, kv_bytes) ||
         (b.semantic_end > 0 && b.tokens >= b.semantic_end) ||
         (b.effect_end > 0 && b.tokens >= b.effect_end) ||
         (params_.rules().adaptive && adaptive_closes(b));
}

bool BoundaryRule::adaptive_closes(const Boundary& b) const {
  const verify::AdaptiveParams& a = *params_.rules().adaptive;
  if (b.tokens < a.min_tokens) return false;
  return b.tokens >= a.max_tokens || b.generating >= interval();
}

Duration BoundaryRule::interval() const {
  const verify::AdaptiveParams& a = *params_.rules().adaptive;
  const double seen = seconds(generated_) + seconds(a.mean_time_to_failure);
  const double t = young_interval(seconds(a.cost), (1 + static_cast<double>(silent_)) / seen,
                                  static_cast<double>(fail_stop_) / seen);
  return scaled(Duration::raw(kPsPerSecond), t);
}

}  // namespace fieldsim::recovery
