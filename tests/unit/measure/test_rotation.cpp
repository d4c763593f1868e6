#include <catch2/catch.hpp>
#include <set>

#include "validation/measure/rotation.hpp"

using namespace fieldsim::measure;

TEST_CASE("Rotation: between two uses of a set, five L2 of other data pass") {
  constexpr std::size_t kL2 = 60'000'000;
  for (const std::size_t bytes :
       {1000ul, 4096ul, 1'000'000ul, 59'000'000ul, 299'999'999ul, 300'000'000ul, 900'000'000ul}) {
    const auto r = plan_rotation(bytes, kL2, 3'000'000'000);
    REQUIRE(r);
    CHECK(r->bytes() <= 3'000'000'000);
    CHECK(r->stride >= bytes);
    CHECK(r->stride % 4096 == 0);
    CHECK(r->cold);
    // The other sets, or a single large one, cover five L2.
    CHECK((r->sets == 1 ? bytes : (r->sets - 1) * bytes) >= kL2Multiple * kL2);
  }
}

TEST_CASE("Rotation: offsets visit every set before any again") {
  const auto r = plan_rotation(100'000, 1'000'000, 1'000'000'000);
  REQUIRE(r);
  std::set<std::size_t> seen;
  for (std::size_t run = 0; run < r->sets; ++run) seen.insert(r->offset(run));
  CHECK(seen.size() == r->sets);
  CHECK(r->offset(r->sets) == r->offset(0));
  CHECK(*seen.rbegin() + 100'000 <= r->bytes());
}

TEST_CASE(
    "Rotation: a small arena is used whole and reported as not cold, a too small one refused") {
  const auto r = plan_rotation(1'000'000, 60'000'000, 10'000'000);
  REQUIRE(r);
  CHECK(r->sets == 9);  // 1,003,520 bytes each
  CHECK_FALSE(r->cold);
  CHECK_FALSE(plan_rotation(1'000'000, 60'000'000, 999'999));
  CHECK_FALSE(plan_rotation(0, 1, 1));
}
