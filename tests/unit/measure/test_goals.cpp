#include <catch2/catch.hpp>

#include "validation/measure/attention_check.hpp"
#include "validation/measure/goals.hpp"

using namespace fieldsim::measure;

namespace {

// The row that kernels_group.cu writes for a point.
Row row_for(const Point& point, double us, double copy_gb_per_s) {
  Row row;
  row.group = "kernels";
  row.name = std::string(variant_name(point.variant)) + " eager";
  row.parameters = parameters_of(point);
  row.parameters.emplace_back("bytes", compulsory_bytes(point));
  row.timing = timing_of({us}, {us});
  row.rate = static_cast<double>(compulsory_bytes(point)) / us / 1e3;
  row.of_ceiling = row.rate / copy_gb_per_s;
  return row;
}

const Goal& named(const std::vector<Goal>& goals, const std::string& start) {
  for (const Goal& goal : goals)
    if (goal.name.rfind(start, 0) == 0) return goal;
  FAIL("no goal " << start);
  return goals.front();
}

}  // namespace

TEST_CASE("Goals: without rows, every goal is open and says so") {
  for (const Goal& goal : goals(Report{})) {
    CHECK_FALSE(goal.measured);
    CHECK_FALSE(goal.met());
  }
  CHECK(text_of(goals(Report{})).find("not measured") != std::string::npos);
}

TEST_CASE("Goals: the first points of the matrix decide all of them") {
  Report report;
  const auto matrix = benchmark_matrix(true);
  for (std::size_t i = 0; i < goal_points(); ++i)
    report.rows.push_back(
        row_for(matrix[i], static_cast<double>(compulsory_bytes(matrix[i])) / 4.0e6, 4300));
  for (const Goal& goal : goals(report)) CHECK(goal.measured);
  // 4,000 GB/s everywhere, of a copy's 4,300: 93 %; times in exact proportion to the bytes.
  CHECK(named(goals(report), "fused, 64k, batch 16").value == Approx(4000.0 / 4300));
  CHECK(named(goals(report), "fused, 64k, batch 16").met());
  CHECK(named(goals(report), "256 anchors: time over their share of bytes, 64k, batch 1").value ==
        Approx(1));
  CHECK(named(goals(report), "gamma_fused: time over fused, 64k, batch 16").met());
  CHECK(named(goals(report), "fused, 64k, batch 1: GB/s").met());
  CHECK_FALSE(named(goals(report), "fused, 4k, batch 128").met());
}

TEST_CASE("Goals: other shapes do not stand in for the ones that count") {
  Report report;
  Point p = benchmark_matrix(true)[0];
  p.heads.kv = 32;
  report.rows.push_back(row_for(p, 1000, 4300));
  p = benchmark_matrix(true)[0];
  p.page = 64;
  report.rows.push_back(row_for(p, 1000, 4300));
  for (const Goal& goal : goals(report)) CHECK_FALSE(goal.measured);
}
