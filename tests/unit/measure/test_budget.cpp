#include <catch2/catch.hpp>

#include "validation/measure/budget.hpp"

using fieldsim::measure::Budget;

namespace {

struct Clock {
  double now = 1000;
  Budget budget(double seconds, double reserve, std::vector<Budget::Group> groups) {
    return Budget(seconds, reserve, std::move(groups), [this] { return now; });
  }
};

}  // namespace

TEST_CASE("Budget: groups share the time by weight, and what one leaves flows on") {
  Clock clock;
  Budget b = clock.budget(105, 5, {{"a", 1}, {"b", 1}, {"c", 2}});
  b.start("a");
  CHECK(b.left_in_group() == Approx(25));
  clock.now += 5;  // a needs only 5 of its 25 s; 95 s are left for weights 1 and 2
  b.start("b");
  CHECK(b.left_in_group() == Approx(95.0 / 3));
  clock.now += 95.0 / 3;
  b.start("c");
  CHECK(b.left_in_group() == Approx(95.0 * 2 / 3));
}

TEST_CASE("Budget: a group that overruns takes from those after it, never from the reserve") {
  Clock clock;
  Budget b = clock.budget(105, 5, {{"a", 1}, {"b", 1}});
  b.start("a");
  clock.now += 90;
  CHECK(b.left_in_group() == 0);
  b.start("b");
  CHECK(b.left_in_group() == Approx(10));
  clock.now += 11;
  CHECK(b.left() == 0);
  CHECK(b.elapsed() == Approx(101));
}

TEST_CASE("Budget: nothing starts that is expected to end too late, and refusals are counted") {
  Clock clock;
  Budget b = clock.budget(10, 0, {{"a", 1}});
  b.start("a");
  CHECK(b.allows(10));
  CHECK_FALSE(b.allows(10.1));
  clock.now += 9.5;
  CHECK_FALSE(b.allows(1));
  CHECK(b.allows(0.4));
  CHECK(b.refused() == 2);
}

TEST_CASE("Budget: a group cannot start what only the whole run has time for") {
  Clock clock;
  Budget b = clock.budget(10, 0, {{"a", 1}, {"b", 1}});
  b.start("a");
  CHECK(b.allows(5));
  CHECK_FALSE(b.allows(6));
}

TEST_CASE("Budget: groups that were left out give their time to the others") {
  Clock clock;
  Budget b = clock.budget(100, 0, {{"a", 1}, {"b", 9}, {"c", 1}});
  b.start("c");  // a and b were skipped
  CHECK(b.left_in_group() == Approx(100));
}
