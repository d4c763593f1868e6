#pragma once
// The table formats that are not one kernel per CSV line.
#include <string>

#include "sim/system/calibrate/csv.hpp"
#include "sim/system/calibrate/table.hpp"

namespace fieldsim::calibrate {

// nvbandwidth --json and fieldsim-measure --json.
Table read_json(const std::string& path, const std::string& text);

// ncu --csv --page raw in its long form: one metric per line. Gives the achieved share of bandwidth
// of kernels that stream (dram__throughput...pct_of_peak_sustained_elapsed).
Table read_nsight(const Csv& csv);

}  // namespace fieldsim::calibrate
