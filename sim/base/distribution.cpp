#include "sim/base/distribution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace fieldsim {

double portable_exp(double x) {
  constexpr double kMost = 700;  // e^700 is still normal
  x = std::clamp(x, -kMost, kMost);
  const double turns = x / std::numbers::ln2;
  const auto k = static_cast<std::int64_t>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const double r = x - static_cast<double>(k) * std::numbers::ln2;  // |r| <= 0.35
  double sum = 1.0;
  for (int i = 17; i >= 1; --i) sum = 1.0 + r * sum / i;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
           (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
  }
  double r = std::sqrt(-portable_log(q < 0 ? p : 1.0 - p));  // sqrt is exact by IEEE 754
  double z = 0;
  if (r <= 5.0) {
    r -= 1.6;
    z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
        ((0.12021132975 * r + 0.73700164250) * r + 1.0);
  } else {
    r -= 5.0;
    z = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
        ((0.012258202635 * r + 0.24197894225) * r + 1.0);
  }
  return q < 0 ? -z : z;
}

double Draw::at(double u) const {
  switch (shape) {
    case Shape::constant:
      return a;
    case Shape::exponential:
      return -a * portable_log(u);
    case Shape::uniform:
      return a + (b - a) * u;
    case Shape::lognormal:
      return a * portable_exp(b * normal_quantile(u));
    case Shape::geometric: {
      if (a <= 1) return 1;
      // P(n > k) = (1 - 1/a)^k.
      const double k = portable_log(u) / portable_log(1.0 - 1.0 / a);
      return 1.0 + static_cast<double>(static_cast<std::int64_t>(k));
    }
  }
  return a;
}

double Draw::mean() const {
  if (shape == Shape::uniform) return (a + b) / 2;
  if (shape == Shape::lognormal) return a * portable_exp(b * b / 2);
  return shape == Shape::geometric ? std::max(1.0, a) : a;
}

}  // namespace fieldsim
