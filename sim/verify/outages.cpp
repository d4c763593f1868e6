#include "sim/verify/outages.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::verify {

namespace {
constexpr double kLongest = 14.0 * 86'400 * kPsPerSecond;  // a fortnight in ps
}

Duration exponential_time(double uniform, Duration mean) {
  const double ps = -static_cast<double>(mean.count()) * portable_log(uniform);
  return Duration::raw(std::llround(std::min(ps, kLongest)));
}

Outages::Outages(std::uint64_t seed, std::string_view name, Duration every, Duration lasts,
                 Length length)
    : random_(seed, name), every_(every), lasts_(lasts), length_(length) {
  advance(Time::zero());
}

void Outages::advance(Time now) {
  while (end_ <= now) {
    last_began_ = begin_;
    begin_ = end_ + exponential_time(random_.uniform(), every_);
    const Duration lasts =
        length_ == Length::constant ? lasts_ : exponential_time(random_.uniform(), lasts_);
    end_ = begin_ + std::max(lasts, Duration::raw(1));
    ++count_;
  }
}

bool Outages::began_within(Time from, Time now) {
  advance(now);
  const Time newest = begin_ <= now ? begin_ : last_began_;
  return newest > from;
}

}  // namespace fieldsim::verify
