// Every pair of axis values, on the emulator, against FP64.
#include <catch2/catch.hpp>

#include "tests/kernels/support/matrix.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

constexpr long kQuickCost = 1500;

// One of `parts` interleaved slices, so that slices take about equally long.
void run_slice(Variant variant, long limit, std::size_t part, std::size_t parts) {
  const std::vector<Case> cases = pairwise_matrix(variant, limit, 1);
  REQUIRE(cases.size() > 100);
  for (std::size_t i = part; i < cases.size(); i += parts) {
    INFO(cases[i].name());
    CHECK(check(cases[i]) == "");
  }
}

}  // namespace

TEST_CASE("fused over all pairs, first half") { run_slice(Variant::fused, kQuickCost, 0, 2); }
TEST_CASE("fused over all pairs, second half") { run_slice(Variant::fused, kQuickCost, 1, 2); }
TEST_CASE("two_pass over all pairs") { run_slice(Variant::two_pass, 500, 0, 1); }
TEST_CASE("unfused over all pairs") { run_slice(Variant::unfused, 400, 0, 1); }

TEST_CASE("the matrix covers every pair that the cost limit allows") {
  const Coverage quick = coverage(Variant::fused, kQuickCost, 1);
  CHECK(quick.covered + quick.too_costly >= quick.pairs);
  CHECK(quick.too_costly < 15);
  const Coverage all = coverage(Variant::fused, 100000, 1);
  CHECK(all.covered == all.pairs);
}
