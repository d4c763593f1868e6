// A failed check of ours, kept to one run of many.
#include "sim/base/contain.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "sim/base/error.hpp"

using namespace fieldsim;

namespace {
void broken() { SIM_CHECK(1 + 1 == 3, "arithmetic"); }
}  // namespace

TEST_CASE("a failed check within a scope is an exception that says what failed") {
  const ContainChecks scope;
  CHECK(scope.failure().empty());
  CHECK_THROWS_WITH(broken(), Catch::Contains("arithmetic") && Catch::Contains("1 + 1 == 3"));
  CHECK_THAT(scope.failure(), Catch::Contains("arithmetic"));
}

TEST_CASE("a scope knows of a failure that somebody caught on its way") {
  const ContainChecks scope;
  try {
    broken();
  } catch (...) {
  }
  CHECK_FALSE(scope.failure().empty());
}

TEST_CASE("a scope ends with its block, hands back to the one around it, and is its thread's own") {
  CHECK(ContainChecks::innermost() == nullptr);
  {
    const ContainChecks outer;
    {
      const ContainChecks inner;
      CHECK_THROWS_AS(broken(), InternalError);
      CHECK_FALSE(inner.failure().empty());
    }
    CHECK(outer.failure().empty());
    CHECK(ContainChecks::innermost() == &outer);
    const ContainChecks* elsewhere = &outer;
    std::thread([&] { elsewhere = ContainChecks::innermost(); }).join();
    CHECK(elsewhere == nullptr);
  }
  CHECK(ContainChecks::innermost() == nullptr);
}
