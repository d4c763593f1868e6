#pragma once
// Tables of measurements. Formats, told apart by their content: the CSVs of ../shared/data/measured
// (attention, GEMM, quantisation; latency in ms), the host-overhead CSV, our own fieldsim-measure
// JSON, nvbandwidth JSON and Nsight Compute CSV.
#include <string>
#include <vector>

#include "sim/system/calibrate/row.hpp"

namespace fieldsim::calibrate {

// A measured number that is one hardware parameter by itself.
struct Point {
  std::string parameter;  // "link.to_device", "hbm.achieved"
  double value = 0;       // SI: bytes per second, seconds, or a ratio
  std::string unit;
  std::string what;        // the test it comes from
  std::int64_t bytes = 0;  // of one copy, where the test moved some
  double seconds = 0;      // that it took
};

struct Table {
  std::vector<Row> rows;      // kernels
  std::vector<Point> points;  // single parameters
};

// Throws ConfigError with file and line on what it cannot read.
Table read_table(const std::string& path);

// The rows as a CSV that fieldsim-measure and read_table take back (latency empty where not
// measured).
std::string to_csv(const std::vector<Row>& rows);

}  // namespace fieldsim::calibrate
