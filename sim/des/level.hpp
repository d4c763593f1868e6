#pragma once
// A whole number that changes at moments of simulated time - how many wait, how many are busy -
// with its integral, mean and maximum. All integrals are exact: count x ps.
#include <algorithm>
#include <cstdint>

#include "sim/base/units.hpp"

namespace fieldsim::des {

class Level {
 public:
  void add(Time now, std::int64_t delta) {
    area_ += area_since(now);
    since_ = now;
    value_ += delta;
    max_ = std::max(max_, value_);
  }

  std::int64_t value() const { return value_; }
  std::int64_t max() const { return max_; }
  int128 integral(Time now) const { return area_ + area_since(now); }  // count x ps, from time 0
  double mean(Time now) const {                                        // over [0, now]; 0 at time 0
    const auto span = static_cast<double>(now.since_start().count());
    return span > 0 ? static_cast<double>(integral(now)) / span : 0.0;
  }

 private:
  int128 area_since(Time now) const { return static_cast<int128>(value_) * (now - since_).count(); }

  int128 area_ = 0;
  std::int64_t value_ = 0;
  std::int64_t max_ = 0;
  Time since_;
};

}  // namespace fieldsim::des
