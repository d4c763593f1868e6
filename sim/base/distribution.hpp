#pragma once
// Distributions that a scenario gives, drawn from one uniform number each: a value is a pure
// function of (stream, index), so that runs under other policies meet the same workload (common
// random numbers). IEEE operations only, so that every machine draws the same.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"

namespace fieldsim {

// e^x from IEEE operations only; relative error below 1e-14 for |x| <= 700.
double portable_exp(double x);

// Standard normal quantile, absolute error below 1e-6 (Wichura, AS 241, PPND7). REQUIRES: 0 < p
// < 1.
double normal_quantile(double p);

// The shapes without a unit; `u` is uniform in (0, 1).
struct Draw {
  enum class Shape { constant, exponential, uniform, lognormal, geometric };
  Shape shape = Shape::constant;
  double a = 0;  // the value, mean, low end, median or mean
  double b = 0;  // the high end or sigma
  double at(double u) const;
  double mean() const;
};

template <class T>
struct LogNormal {
  T median{};
  double sigma = 0;  // of the logarithm
};

// Exactly one member is given. T is a Duration or a count.
template <class T>
struct Drawn {
  std::optional<T> constant;
  std::optional<T> exponential;           // its mean
  std::optional<std::vector<T>> uniform;  // low and high
  std::optional<LogNormal<T>> lognormal;
  std::optional<T> geometric;  // its mean, of 1, 2, ...

  static Drawn of(T v) {
    Drawn d;
    d.constant = v;
    return d;
  }
  static Drawn exponential_of(T mean) {
    Drawn d;
    d.exponential = mean;
    return d;
  }
  Draw draw() const {
    using S = Draw::Shape;
    if (exponential) return {S::exponential, number(*exponential), 0};
    if (uniform) return {S::uniform, number(uniform->front()), number(uniform->back())};
    if (lognormal) return {S::lognormal, number(lognormal->median), lognormal->sigma};
    if (geometric) return {S::geometric, number(*geometric), 0};
    return {S::constant, constant ? number(*constant) : 0.0, 0};
  }
  T at(double u) const {
    constexpr double kMost = 0x1p62;  // a tail beyond 64 bits ends there: 53 days in ps
    const auto v = static_cast<std::int64_t>(std::min(draw().at(u) + 0.5, kMost));
    if constexpr (std::is_integral_v<T>)
      return v;
    else
      return T::raw(v);
  }
  double mean() const { return draw().mean(); }

 private:
  static double number(T v) {
    if constexpr (std::is_integral_v<T>)
      return static_cast<double>(v);
    else
      return static_cast<double>(v.count());
  }
};

}  // namespace fieldsim
