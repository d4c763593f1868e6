#pragma once
// Everything a run found: what is written to the JSON file and shown as a table.
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "validation/measure/stats.hpp"

namespace fieldsim::measure {

using Parameter = std::variant<std::int64_t, double, std::string>;
using Parameters = std::vector<std::pair<std::string, Parameter>>;

// One measured thing. `timing` is in `unit`; `rate` is derived from its median.
struct Row {
  std::string group, name;
  Parameters parameters;
  std::string unit = "us";
  Timing timing;
  double rate = 0;        // 0: none
  std::string rate_unit;  // "GB/s", "TFLOP/s", "tokens/s"
  double of_ceiling = 0;  // share of the measured ceiling that bounds it; 0: not compared
  std::string note;
};

// One comparison with a reference, made before anything is timed.
struct Check {
  std::string name;
  Parameters parameters;
  bool passed = false;
  double error = 0, tolerance = 0;
  std::string note;
};

struct Skipped {
  std::string group, what, why;
};

struct DeviceFacts {
  std::string name, driver, runtime;
  int arch = 0, sm_count = 0;
  std::int64_t memory_bytes = 0, l2_bytes = 0, smem_per_sm = 0;
};

struct Clocks {  // 0: not readable
  int sm_mhz = 0, memory_mhz = 0, temperature_c = 0;
  double power_w = 0;
  std::string source;  // "nvml", or why there is none
};

struct Report {
  std::string commit, date, host, command;
  int host_threads = 0;
  bool sha_instructions = false;
  DeviceFacts device;
  Clocks before, after;
  double budget_s = 0, elapsed_s = 0;
  std::string stopped;  // empty: everything asked for was done
  std::vector<Check> checks;
  std::vector<Row> rows;
  std::vector<Skipped> skipped;
  bool checks_passed() const;
};

std::string json_of(const Report& report);
std::string table_of(const Report& report);
std::string text_of(const Parameter& parameter);
std::string utc_date();  // ISO 8601, now

}  // namespace fieldsim::measure
