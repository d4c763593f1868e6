// Every fault that the kernels can be built with has its test in CMakeLists.txt, under its own
// number.
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <string>

#include "kernels/cuda/mutation.hpp"

namespace {

std::string read(const std::string& path) {
  std::ifstream in(std::string(FIELDSIM_SOURCE_DIR) + path);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every seeded fault has a test") {
  const std::string header = read("/kernels/cuda/mutation.hpp");
  const std::string list = read("/tests/mutation/CMakeLists.txt");
  const std::string body = header.substr(header.find("enum class Mutation"));
  const std::regex enumerator(R"(\n  (\w+),)");
  int number = 0;
  for (std::sregex_iterator it(body.begin(), body.end(), enumerator), end; it != end; ++it) {
    const std::string name = (*it)[1];
    if (name == "none" || name == "count") continue;
    ++number;
    INFO(name);
    CHECK(list.find("mutant(" + name + " " + std::to_string(number) + ")") != std::string::npos);
  }
  CHECK(number == static_cast<int>(fieldsim::kernels::Mutation::count) - 1);
}
