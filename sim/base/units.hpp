#pragma once
// Integer quantities with a unit in their type. Arithmetic is overflow-checked; a mixed-unit
// expression does not compile. Time is counted in picoseconds: int64 covers 106 days.
#include <compare>
#include <cstdint>
#include <limits>

namespace fieldsim {

__extension__ typedef __int128 int128;  // a typedef: the extension mark has no place in an alias

namespace detail {
[[noreturn]] void quantity_overflow();
[[noreturn]] void quantity_division_by_zero();
constexpr std::int64_t narrow(int128 v) {
  if (v > std::numeric_limits<std::int64_t>::max() || v < std::numeric_limits<std::int64_t>::min())
    quantity_overflow();
  return static_cast<std::int64_t>(v);
}
}  // namespace detail

template <class Tag>
class Quantity {
 public:
  using tag = Tag;
  constexpr Quantity() = default;
  static constexpr Quantity raw(std::int64_t v) { return Quantity(v); }
  static constexpr Quantity zero() { return Quantity(0); }
  static constexpr Quantity max() { return Quantity(std::numeric_limits<std::int64_t>::max()); }
  constexpr std::int64_t count() const { return v_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    std::int64_t r = 0;
    if (__builtin_add_overflow(a.v_, b.v_, &r)) [[unlikely]]
      detail::quantity_overflow();
    return Quantity(r);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    std::int64_t r = 0;
    if (__builtin_sub_overflow(a.v_, b.v_, &r)) [[unlikely]]
      detail::quantity_overflow();
    return Quantity(r);
  }
  friend constexpr Quantity operator*(Quantity a, std::int64_t k) {
    std::int64_t r = 0;
    if (__builtin_mul_overflow(a.v_, k, &r)) [[unlikely]]
      detail::quantity_overflow();
    return Quantity(r);
  }
  friend constexpr Quantity operator*(std::int64_t k, Quantity a) { return a * k; }
  friend constexpr Quantity operator/(Quantity a, std::int64_t k) {
    if (k == 0) [[unlikely]]
      detail::quantity_division_by_zero();
    return Quantity(a.v_ / k);
  }
  friend constexpr std::int64_t operator/(Quantity a, Quantity b) {
    if (b.v_ == 0) [[unlikely]]
      detail::quantity_division_by_zero();
    return a.v_ / b.v_;
  }
  constexpr Quantity& operator+=(Quantity b) { return *this = *this + b; }
  constexpr Quantity& operator-=(Quantity b) { return *this = *this - b; }

 private:
  explicit constexpr Quantity(std::int64_t v) : v_(v) {}
  std::int64_t v_ = 0;
};

using Duration = Quantity<struct DurationTag>;              // ps
using Bytes = Quantity<struct BytesTag>;                    // B
using BytesPerSecond = Quantity<struct BytesPerSecondTag>;  // B/s
using Flops = Quantity<struct FlopsTag>;                    // floating-point operations
using FlopsPerSecond = Quantity<struct FlopsPerSecondTag>;  // operations per second
using Cycles = Quantity<struct CyclesTag>;                  // clock cycles
using Hertz = Quantity<struct HertzTag>;                    // 1/s
using Power = Quantity<struct PowerTag>;                    // mW
using Energy = Quantity<struct EnergyTag>;                  // nJ
using ArrivalRate = Quantity<struct ArrivalRateTag>;        // 1e-6/s: requests, not cycles

inline constexpr std::int64_t kPsPerSecond = 1'000'000'000'000;

// A point on the simulated clock. Time - Time is a Duration; Time + Time does not compile.
class Time {
 public:
  constexpr Time() = default;
  static constexpr Time at(Duration since_start) { return Time(since_start); }
  static constexpr Time zero() { return Time(); }
  static constexpr Time never() { return Time(Duration::max()); }
  constexpr Duration since_start() const { return d_; }
  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return Time(t.d_ + d); }
  friend constexpr Time operator-(Time t, Duration d) { return Time(t.d_ - d); }
  friend constexpr Duration operator-(Time a, Time b) { return a.d_ - b.d_; }

 private:
  explicit constexpr Time(Duration d) : d_(d) {}
  Duration d_;
};

namespace detail {
constexpr Duration work_time(std::int64_t work, std::int64_t per_second) {
  if (per_second <= 0) [[unlikely]]
    quantity_division_by_zero();
  const int128 n = static_cast<int128>(work) * kPsPerSecond;
  return Duration::raw(narrow((n + per_second - 1) / per_second));
}
}  // namespace detail

// Time for a whole amount at a rate, rounded up: nothing is ever faster than its rate.
constexpr Duration time_for(Bytes b, BytesPerSecond r) {
  return detail::work_time(b.count(), r.count());
}
constexpr Duration time_for(Flops f, FlopsPerSecond r) {
  return detail::work_time(f.count(), r.count());
}
constexpr Duration time_for(Cycles c, Hertz f) { return detail::work_time(c.count(), f.count()); }

// Amount done in a duration, rounded down.
constexpr Bytes amount_in(Duration d, BytesPerSecond r) {
  return Bytes::raw(detail::narrow(static_cast<int128>(d.count()) * r.count() / kPsPerSecond));
}

constexpr Energy operator*(Power p, Duration d) {  // mW x ps = 1e-15 J = 1e-6 nJ
  return Energy::raw(detail::narrow(static_cast<int128>(p.count()) * d.count() / 1'000'000));
}

// A rate times a plain ratio, for efficiencies and shares; rounds to nearest.
template <class Tag>
constexpr Quantity<Tag> scaled(Quantity<Tag> q, double ratio) {
  const double v = static_cast<double>(q.count()) * ratio;
  return Quantity<Tag>::raw(static_cast<std::int64_t>(v + (v < 0 ? -0.5 : 0.5)));
}

// The way out, for reports and closed forms only: models keep integers.
constexpr double seconds(Duration d) { return static_cast<double>(d.count()) / 1e12; }
constexpr double seconds(Time t) { return seconds(t.since_start()); }
constexpr double joules(Energy e) { return static_cast<double>(e.count()) / 1e9; }

namespace literals {
consteval Duration operator""_ps(unsigned long long v) { return Duration::raw(std::int64_t(v)); }
consteval Duration operator""_ns(unsigned long long v) {
  return 1'000 * Duration::raw(std::int64_t(v));
}
consteval Duration operator""_us(unsigned long long v) {
  return 1'000'000 * Duration::raw(std::int64_t(v));
}
consteval Duration operator""_ms(unsigned long long v) {
  return 1'000'000'000 * Duration::raw(std::int64_t(v));
}
consteval Duration operator""_s(unsigned long long v) {
  return kPsPerSecond * Duration::raw(std::int64_t(v));
}
consteval Bytes operator""_B(unsigned long long v) { return Bytes::raw(std::int64_t(v)); }
consteval Bytes operator""_KiB(unsigned long long v) { return 1024 * Bytes::raw(std::int64_t(v)); }
consteval Bytes operator""_MiB(unsigned long long v) {
  return (1024 * 1024) * Bytes::raw(std::int64_t(v));
}
consteval Bytes operator""_GiB(unsigned long long v) {
  return (1024 * 1024 * 1024) * Bytes::raw(std::int64_t(v));
}
consteval Bytes operator""_KB(unsigned long long v) { return 1'000 * Bytes::raw(std::int64_t(v)); }
consteval Bytes operator""_MB(unsigned long long v) {
  return 1'000'000 * Bytes::raw(std::int64_t(v));
}
consteval Bytes operator""_GB(unsigned long long v) {
  return 1'000'000'000 * Bytes::raw(std::int64_t(v));
}
consteval BytesPerSecond operator""_GBps(unsigned long long v) {
  return 1'000'000'000 * BytesPerSecond::raw(std::int64_t(v));
}
consteval FlopsPerSecond operator""_TFLOPs(unsigned long long v) {
  return kPsPerSecond * FlopsPerSecond::raw(std::int64_t(v));
}
consteval Hertz operator""_MHz(unsigned long long v) {
  return 1'000'000 * Hertz::raw(std::int64_t(v));
}
}  // namespace literals

}  // namespace fieldsim
