// The invariants I1-I11 over random agents scenarios: every policy with every fault.
#include <catch2/catch.hpp>

#include "tests/property/agents/campaign.hpp"

using namespace fieldsim::test;

TEST_CASE("the invariants of rollback-recovery hold under every policy and fault schedule") {
  const auto found = first_finding(agents(), "agents", number_or("FIELDSIM_SEED", 1),
                                   number_or("FIELDSIM_CASES", 3000));
  INFO(report(found.value_or(Finding{})));
  CHECK_FALSE(found.has_value());
}
