#include <catch2/catch.hpp>

#include "validation/measure/stats.hpp"

using namespace fieldsim::measure;

TEST_CASE("Statistics: quartiles interpolate between order statistics") {
  // Expected algebra, type 7: position p (n - 1).  n = 4: 0.75, 1.5, 2.25.
  const Summary s = summarize({40, 10, 30, 20});
  CHECK(s.count == 4);
  CHECK(s.min == 10);
  CHECK(s.q1 == Approx(17.5));
  CHECK(s.median == Approx(25));
  CHECK(s.q3 == Approx(32.5));
  CHECK(s.max == 40);
}

TEST_CASE("Statistics: one sample is all its quantiles, none is all zero") {
  const Summary one = summarize({7});
  CHECK((one.q1 == 7 && one.median == 7 && one.q3 == 7 && one.max == 7));
  CHECK(summarize({}).count == 0);
}

TEST_CASE("Statistics: an outlier moves the maximum, not the median") {
  CHECK(summarize({1, 1, 1, 1, 1000}).median == 1);
  CHECK(summarize({1, 1, 1, 1, 1000}).max == 1000);
}

TEST_CASE("Statistics: noise is the difference between two passes over the common median") {
  const Timing t = timing_of({100, 100, 100}, {110, 110, 110});
  CHECK(t.all.count == 6);
  CHECK(t.first.median == 100);
  CHECK(t.second.median == 110);
  CHECK(t.noise() == Approx(10.0 / 105));
  CHECK(timing_of({100}, {}).noise() == 0);
}
