#include <catch2/catch.hpp>

#include "validation/measure/options.hpp"

using namespace fieldsim::measure;

namespace {

Options parsed(const std::vector<std::string>& arguments) {
  Options o;
  std::string error;
  REQUIRE(parse_options(arguments, &o, &error));
  REQUIRE(error.empty());
  return o;
}

std::string refused(const std::vector<std::string>& arguments) {
  Options o;
  std::string error;
  CHECK_FALSE(parse_options(arguments, &o, &error));
  return error;
}

}  // namespace

TEST_CASE("Options: defaults stay under eight minutes, quick under two") {
  CHECK(parsed({}).budget_s + 5 < 8 * 60);
  CHECK(parsed({"--quick"}).budget_s < 2 * 60);
  CHECK(parsed({"--quick", "--budget", "30"}).budget_s == 30);
  CHECK(parsed({"--budget=30", "--quick"}).budget_s == 30);
}

TEST_CASE("Options: groups are chosen by name, several at a time") {
  const Options o =
      parsed({"--only", "pcie,host", "--only=decode", "--out", "x.json", "--device", "1"});
  CHECK((o.wants("pcie") && o.wants("host") && o.wants("decode")));
  CHECK_FALSE(o.wants("kernels"));
  CHECK(o.out == "x.json");
  CHECK(o.device == 1);
  for (const auto& group : groups()) CHECK(parsed({}).wants(group.name));
}

TEST_CASE("Options: a bad argument is named, with what was expected") {
  CHECK(refused({"--qiuck"}).find("'--qiuck'") != std::string::npos);
  CHECK(refused({"--only", "kernel"}).find("kernels") != std::string::npos);
  CHECK(refused({"--only", ""}).find("--only") == 0);
  CHECK(refused({"--only"}) == "--only needs a value");
  for (const char* bad : {"0", "-1", "x", "1e9", "nan", "5s", ""})
    CHECK(refused({"--budget", bad}).find("--budget") == 0);
  CHECK(refused({"--device", "-1"}).find("--device") == 0);
  CHECK(refused({"--device", "1.5"}).find("--device") == 0);
  CHECK(refused({"--out="}).find("--out") == 0);
  CHECK(refused({"--quick=1"}).find("--quick") == 0);
}
