// The shrinker by itself, on trees whose failure is known.
#include "tests/property/agents/shrink.hpp"

#include <catch2/catch.hpp>

#include "sim/config/parse.hpp"
#include "tests/property/agents/campaign.hpp"
#include "tests/property/agents/isolate.hpp"
#include "tests/property/agents/random_agents.hpp"
#include "tests/property/agents/yaml_tree.hpp"

using namespace fieldsim;
using namespace fieldsim::test;

TEST_CASE("shrinking leaves only what the failure needs, as small as it can be") {
  const config::Value tree = random_agents(7);
  const auto fails = [](const config::Value& v) {
    const config::Value* window = at(v, {"verification", "window"});
    return at(v, {"recovery", "visibility"}) != nullptr && window != nullptr &&
           std::stoi(window->text) >= 2;
  };
  config::Value wide = tree;
  put(wide, "verification.window", 90);
  const Shrunk shrunk = shrink(wide, fails);
  CHECK(at(shrunk.tree, {"verification", "window"})->text == "2");
  CHECK(at(shrunk.tree, {"recovery"})->fields.size() == 1);
  CHECK(at(shrunk.tree, {"faults"}) == nullptr);
  CHECK(yaml_text(shrink(wide, fails).tree) == yaml_text(shrunk.tree));
}

TEST_CASE("what is written is the tree that is read back") {
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    const config::Value tree = random_agents(seed);
    CHECK(yaml_text(config::parse_text(yaml_text(tree), "written")) == yaml_text(tree));
    CHECK(yaml_text(random_agents(seed)) == yaml_text(tree));
  }
}

TEST_CASE("a body that aborts is told from one that returns") {
  CHECK(isolated([] { return std::string("said"); }) == "said");
  CHECK(isolated([]() -> std::string {
          SIM_CHECK(1 + 1 == 3, "sums");
          return "";
        }).find("sums") != std::string::npos);
  CHECK(kind_of(isolated([]() -> std::string { std::abort(); })) == "crash");
}
