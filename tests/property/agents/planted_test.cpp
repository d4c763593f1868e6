// Each planted fault is found by the invariant that forbids it, and the file that is left of the
// scenario in which it was found is short, fails again, and is innocent of the fault.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/property/agents/campaign.hpp"
#include "tests/property/agents/yaml_tree.hpp"

using namespace fieldsim::test;
using fieldsim::recovery::Sabotage;

namespace {

// Hardware, model, and workload.agents with count, steps, context_tokens and context_limit.
constexpr std::ptrdiff_t kRequiredLines = 8;
constexpr std::ptrdiff_t kFurtherLines = 12;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void caught(const std::string& name, Sabotage sabotage, const std::string& invariant) {
  constexpr std::uint64_t kEnough = 2000;
  const auto found = first_finding(agents(), "planted_" + name, 1, kEnough, sabotage, invariant);
  REQUIRE(found.has_value());
  INFO(report(*found));
  CHECK(kind_of(found->violation) == invariant);
  const std::string file = content(found->path);
  CHECK(std::count(file.begin(), file.end(), '\n') <= kRequiredLines + kFurtherLines);
  CHECK(verdict(agents(), file, sabotage, invariant) == found->violation);
  CHECK(verdict(agents(), file).empty());
}

}  // namespace

TEST_CASE("a planted orphan is found (I2)") { caught("orphan", Sabotage::orphan_left, "I2"); }

TEST_CASE("a planted saga in the wrong order is found (I6)") {
  caught("compensation_order", Sabotage::compensation_order, "I6");
}

TEST_CASE("a planted leak of KV blocks is found (I8)") {
  caught("leaked_block", Sabotage::leaked_block, "I8");
}

TEST_CASE("a planted early release is found (I1)") {
  caught("early_release", Sabotage::early_release, "I1");
}

TEST_CASE("a planted dirty read is found (I4)") {
  caught("dirty_read", Sabotage::dirty_read, "I4");
}

TEST_CASE("a planted read of what was undone is found (I9)") {
  caught("stale_read", Sabotage::stale_read, "I9");
}

TEST_CASE("a planted effect that is applied twice is found (I5)") {
  caught("effect_twice", Sabotage::effect_twice, "I5");
}

TEST_CASE("planted tokens that are in no account are found, by a check that aborts (I7)") {
  caught("lost_tokens", Sabotage::lost_tokens, "crash");
}
