// The whole matrix: no pair left out for its cost, several random completions of each.
#include <catch2/catch.hpp>

#include "tests/kernels/support/matrix.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

void run_all(Variant variant, long limit, std::uint64_t seed) {
  for (const Case& c : pairwise_matrix(variant, limit, seed)) {
    INFO(c.name());
    World world(c);
    REQUIRE(run_on_emulator(world, seed) == "");
    CHECK(compare(world, expect(world, true)) == "");
  }
}

}  // namespace

TEST_CASE("fused, whole matrix, completion 1") { run_all(Variant::fused, 100000, 101); }
TEST_CASE("fused, whole matrix, completion 2") { run_all(Variant::fused, 20000, 102); }
TEST_CASE("fused, whole matrix, completion 3") { run_all(Variant::fused, 20000, 103); }
TEST_CASE("fused, whole matrix, completion 4") { run_all(Variant::fused, 20000, 104); }
TEST_CASE("two_pass, whole matrix") { run_all(Variant::two_pass, 20000, 105); }
TEST_CASE("unfused, whole matrix") { run_all(Variant::unfused, 20000, 106); }

TEST_CASE("every group size from 1 to 40") {
  for (int group = 1; group <= 40; ++group) {
    Case c;
    c.group = group;
    c.kv_lens = {47, 0, 130};
    c.q_lens = {3, 1, 2};
    c.anchors = 21;
    c.sharing = group % 2 == 0 ? Sharing::cascade : Sharing::shared;
    c.mode = group % 3 == 0 ? Mode::gamma_mix : Mode::concat;
    c.splits = group % 4;
    c.seed = static_cast<std::uint64_t>(group);
    INFO(c.name());
    CHECK(check(c) == "");
  }
}

TEST_CASE("every length from 0 to 130") {
  for (int len = 0; len <= 130; ++len) {
    Case c;
    c.kv_lens = {len};
    c.anchors = 130 - len;
    c.mode = len % 2 == 0 ? Mode::gamma_mix : Mode::concat;
    c.splits = len % 5;
    c.q_lens = {1 + len % 7};
    c.seed = static_cast<std::uint64_t>(len);
    INFO(c.name());
    CHECK(check(c) == "");
  }
}
