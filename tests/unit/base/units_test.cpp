#include "sim/base/units.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace fieldsim;
using namespace fieldsim::literals;

namespace {
template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };
template <class A, class B>
concept Comparable = requires(A a, B b) { a < b; };
template <class A, class B>
concept Multipliable = requires(A a, B b) { a* b; };
template <class A, class B>
concept TimeFor = requires(A a, B b) { time_for(a, b); };

static_assert(Addable<Bytes, Bytes> && Addable<Time, Duration>);
static_assert(!Addable<Bytes, Duration> && !Addable<Bytes, Flops> && !Addable<Time, Time>);
static_assert(!Addable<Bytes, int> && !Addable<Duration, double>);
static_assert(!Comparable<Bytes, Flops> && !Comparable<Time, Duration>);
static_assert(!Multipliable<Bytes, Bytes> && Multipliable<Bytes, int>);
static_assert(TimeFor<Bytes, BytesPerSecond> && !TimeFor<Bytes, FlopsPerSecond>);
static_assert(!std::is_convertible_v<std::int64_t, Bytes> &&
              !std::is_convertible_v<Bytes, std::int64_t>);
}  // namespace

TEST_CASE("arithmetic beyond 64 bits throws instead of wrapping") {
  CHECK_THROWS_AS(Bytes::max() + 1_B, std::overflow_error);
  CHECK_THROWS_AS(Duration::raw(std::numeric_limits<std::int64_t>::min()) - 1_ps,
                  std::overflow_error);
  CHECK_THROWS_AS(Bytes::max() * 2, std::overflow_error);
  CHECK_THROWS_AS(Time::never() + 1_ps, std::overflow_error);
  CHECK_THROWS_AS(time_for(Bytes::max(), BytesPerSecond::raw(1)), std::overflow_error);
  CHECK(Bytes::max() - 1_B + 1_B == Bytes::max());
}

TEST_CASE("division by zero throws") {
  CHECK_THROWS_AS(1_B / 0, std::domain_error);
  CHECK_THROWS_AS(1_B / 0_B, std::domain_error);
  CHECK_THROWS_AS(time_for(1_B, BytesPerSecond::zero()), std::domain_error);
}

TEST_CASE("the time for an amount is rounded up, so nothing beats its rate") {
  CHECK(time_for(1_B, BytesPerSecond::raw(3)) == Duration::raw(333'333'333'334));
  CHECK(time_for(3_B, BytesPerSecond::raw(3)) == 1_s);
  CHECK(time_for(0_B, 64_GBps) == 0_ps);
  CHECK(time_for(1_B, 64_GBps) == 16_ps);  // 15.625 ps
  CHECK(time_for(64_KB, 64_GBps) == 1_us);
  CHECK(time_for(Cycles::raw(1755), 1755_MHz) == 1_us);
  CHECK(time_for(Bytes::raw(512LL << 20), 64_GBps) == Duration::raw(8'388'608'000));
}

TEST_CASE("an amount in a duration is rounded down and undoes the time for it") {
  for (std::int64_t b : {1LL, 7LL, 256LL, 4096LL, 123'456'789LL}) {
    for (std::int64_t rate : {30LL, 1'000'000'007LL, 64'000'000'000LL, 3'350'000'000'000LL}) {
      const Duration d = time_for(Bytes::raw(b), BytesPerSecond::raw(rate));
      CHECK(amount_in(d, BytesPerSecond::raw(rate)) >= Bytes::raw(b));
      CHECK(amount_in(d - 1_ps, BytesPerSecond::raw(rate)) <= Bytes::raw(b));
      CHECK(static_cast<int128>((d - 1_ps).count()) * rate < static_cast<int128>(b) * kPsPerSecond);
    }
  }
}

TEST_CASE("literals and energy keep their units") {
  CHECK(1_KiB == 1024_B);
  CHECK(1_MB == 1'000'000_B);
  CHECK(1_ms == 1'000'000'000_ps);
  CHECK(Power::raw(700'000) * 1_s == Energy::raw(700'000'000'000));  // 700 W for 1 s is 700 J
  CHECK(joules(Power::raw(700'000) * 1_s) == Approx(700.0));
  CHECK(scaled(100_B, 0.925) == 93_B);
}
