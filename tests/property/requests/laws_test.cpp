// The laws of a stream over random scenarios: memory from the least to plenty, every policy with
// every fault that requests accept.
#include <catch2/catch.hpp>

#include "tests/property/agents/yaml_tree.hpp"
#include "tests/property/requests/request_laws.hpp"

using namespace fieldsim::test;

TEST_CASE("the laws of a stream hold under every policy, fault and size of memory") {
  const auto found = first_finding(requests(), "requests", number_or("FIELDSIM_SEED", 1),
                                   number_or("FIELDSIM_CASES", 2000));
  INFO(report(found.value_or(Finding{})));
  CHECK_FALSE(found.has_value());
}

TEST_CASE("a planted leak of a request's KV blocks is found (I8)") {
  const auto found =
      first_finding(requests(), "planted_request_leak", 1, 200, Sabotage::leaked_block, "I8");
  REQUIRE(found.has_value());
  CHECK(verdict(requests(), yaml_text(found->tree), Sabotage::leaked_block, "I8") ==
        found->violation);
  CHECK(verdict(requests(), yaml_text(found->tree)).empty());
}
