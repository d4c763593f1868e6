#include "sim/config/catalogue.hpp"

#include <cstdlib>
#include <string>

#include "support.hpp"

using fieldsim::Where;
using fieldsim::config::Catalogue;

TEST_CASE("a catalogue lists what ships by kind and name") {
  const test::Folder f("catalogue");
  f.write("hardware/b.yaml", "x");
  f.write("hardware/a.yaml", "x");
  f.write("hardware/notes.md", "x");
  f.write("models/m.yaml", "x");
  const Catalogue c(f.at(""));
  CHECK(c.kinds() == std::vector<std::string>{"hardware", "models"});
  CHECK(c.names("hardware") == std::vector<std::string>{"a", "b"});
  CHECK(c.names("nothing").empty());
  CHECK(c.find("hardware", "a", {}) == f.at("hardware/a.yaml"));
  CHECK_THAT(test::problems([&] {
               c.find("hardware", "zzzzzz", {"s.yaml", 3, 4}, "hardware");
             }),
             Catch::StartsWith("s.yaml:3:4: hardware: 'zzzzzz' is not in") &&
                 Catch::EndsWith("; there are: a, b"));
  CHECK_FALSE(test::problems([&] { c.find("hardware", "", {}); }).empty());
}

TEST_CASE("a path is relative to the file that says it") {
  const test::Folder f("relative");
  const std::string there = f.write("a/h.yaml", "x");
  const Catalogue c(f.at(""));
  CHECK(c.find("hardware", "h.yaml", {f.at("a/s.yaml"), 1, 1}) == there);
  CHECK(c.find("hardware", "./h.yaml", {f.at("a/s.yaml"), 1, 1}) == there);
  CHECK(c.find("hardware", "../a/h.yaml", {f.at("b/s.yaml"), 1, 1}) == there);
  CHECK(c.find("hardware", there, {"--set hardware=...", 0, 0}) == there);
  CHECK_THAT(test::problems([&] {
               c.find("hardware", "g.yaml", {f.at("a/s.yaml"), 1, 1});
             }),
             Catch::Contains("did you mean '" + there + "'?"));
}

TEST_CASE("the environment says where the shipped files are") {
  const test::Folder f("environment");
  REQUIRE(::setenv("FIELDSIM_CONFIGS", f.at("").c_str(), 1) == 0);
  CHECK(Catalogue().root() == f.at(""));
  REQUIRE(::setenv("FIELDSIM_CONFIGS", f.at("missing").c_str(), 1) == 0);
  CHECK_THAT(test::problems([] { Catalogue(); }),
             Catch::Contains("FIELDSIM_CONFIGS: '" + f.at("missing") + "' is not a directory"));
  REQUIRE(::unsetenv("FIELDSIM_CONFIGS") == 0);
  CHECK(Catalogue().root() == std::string(FIELDSIM_SOURCE_DIR) + "/configs");
}
