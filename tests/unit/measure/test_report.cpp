#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "validation/measure/report.hpp"

using namespace fieldsim::measure;

namespace {

Report sample() {
  Report r;
  r.commit = "abc";
  r.date = "2026-01-01T00:00:00Z";
  r.device.name = "Device \"X\"";
  r.before.sm_mhz = 1980;
  Row row;
  row.group = "kernels";
  row.name = "fused eager";
  row.parameters = {{"batch", std::int64_t{16}}, {"plan_us", 1.5}, {"dtype", "bf16"}};
  row.timing = timing_of({10, 11, 12}, {10, 11, 13});
  row.rate = 4000;
  row.rate_unit = "GB/s";
  row.of_ceiling = 0.93;
  r.rows.push_back(row);
  Check check;
  check.name = "attention fused";
  check.passed = true;
  check.error = 1e-3;
  check.tolerance = 5e-3;
  r.checks.push_back(check);
  return r;
}

}  // namespace

TEST_CASE("Report: the JSON holds median, quartiles and count of every row, and the device") {
  const auto json = nlohmann::json::parse(json_of(sample()));
  CHECK(json["format"] == "fieldsim-measure-1");
  CHECK(json["device"]["name"] == "Device \"X\"");
  CHECK(json["clocks_before"]["sm_mhz"] == 1980);
  CHECK(json["commit"] == "abc");
  CHECK(json["complete"] == true);
  const auto& row = json["results"][0];
  CHECK(row["parameters"]["batch"] == 16);
  CHECK(row["parameters"]["dtype"] == "bf16");
  CHECK(row["all"]["count"] == 6);
  CHECK(row["all"]["median"] == 11);
  CHECK(row["all"]["q1"] == 10.25);
  CHECK(row["first_pass"]["count"] == 3);
  CHECK(row["second_pass"]["median"] == 11);
  CHECK(row["rate"] == 4000);
  CHECK(json["checks"][0]["passed"] == true);
}

TEST_CASE("Report: what was left out makes it incomplete and is listed") {
  Report r = sample();
  r.skipped.push_back({"pcie", "1073741824 bytes", "time"});
  auto json = nlohmann::json::parse(json_of(r));
  CHECK(json["complete"] == false);
  CHECK(json["skipped"][0]["why"] == "time");
  CHECK(table_of(r).find("skipped pcie: 1073741824 bytes (time)") != std::string::npos);
  r = sample();
  r.stopped = "device lost";
  CHECK(nlohmann::json::parse(json_of(r))["complete"] == false);
}

TEST_CASE("Report: a failed check is loud in the table") {
  Report r = sample();
  CHECK(r.checks_passed());
  CHECK(table_of(r).find("WRONG") == std::string::npos);
  r.checks[0].passed = false;
  CHECK_FALSE(r.checks_passed());
  CHECK(table_of(r).find("WRONG  attention fused") != std::string::npos);
}

TEST_CASE("Report: the table shows rate, share of the ceiling and noise") {
  const std::string table = table_of(sample());
  CHECK(table.find("93.0%") != std::string::npos);
  CHECK(table.find("4000 GB/s") != std::string::npos);
  CHECK(table.find("batch=16 plan_us=1.5 dtype=bf16") != std::string::npos);
}
