#include "sim/recovery/retry.hpp"

#include <algorithm>

namespace fieldsim::recovery {

namespace {
constexpr Duration kLongestBackoff = Duration::raw(86'400 * kPsPerSecond);
}

Next after_failure(const RecoveryParams& p, std::int64_t failures, bool degraded) {
  if (failures <= p.retry_limit) return Next::retry;
  switch (p.retry.exhausted) {
    case Exhausted::pessimistic:
      return degraded ? Next::abort : Next::pessimistic;
    case Exhausted::tolerate:
      return Next::tolerate;
    case Exhausted::abort:
      break;
  }
  return Next::abort;
}

Duration backoff(const RetryParams& p, std::int64_t failure) {
  Duration d = std::min(p.backoff, kLongestBackoff);
  for (std::int64_t i = 1; i < failure && d < kLongestBackoff; ++i) {
    if (p.backoff_factor == 1.0 || d == Duration::zero()) break;
    const double longer = static_cast<double>(d.count()) * p.backoff_factor;
    const auto longest = static_cast<double>(kLongestBackoff.count());
    d = Duration::raw(static_cast<std::int64_t>(std::min(longer, longest)));
  }
  return d;
}

}  // namespace fieldsim::recovery
