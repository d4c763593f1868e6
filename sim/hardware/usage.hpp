#pragma once
// Reading the statistics of resources.
#include "sim/base/units.hpp"
#include "sim/des/level.hpp"

namespace fieldsim::hardware {

// Time that `level` was one, summed: for a level of k users, the sum over the users.
inline Duration busy_time(const des::Level& level, Time now) {
  return Duration::raw(detail::narrow(level.integral(now)));
}

}  // namespace fieldsim::hardware
