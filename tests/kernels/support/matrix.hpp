#pragma once
// The test matrix: every pair of values of any two axes occurs in some case (an all-pairs covering
// array), as far as the cost limit allows the pair at all.
#include <vector>

#include "tests/kernels/support/case.hpp"

namespace fieldsim::kernels::test {

// Work of a case in emulated steps, scaled by head dimension: about 20 us of CPU time each.
long cost(const Case& c);

// Cases for `variant`, each at most `limit` units of cost. Deterministic in `seed`.
std::vector<Case> pairwise_matrix(Variant variant, long limit, std::uint64_t seed);

// Pairs of axis values that no case under the limit can have, and those that the cases have.
struct Coverage {
  int pairs = 0;
  int covered = 0;
  int too_costly = 0;
};
Coverage coverage(Variant variant, long limit, std::uint64_t seed);

}  // namespace fieldsim::kernels::test
