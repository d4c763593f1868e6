#pragma once
// What every group of measurements shares: the options, the time left, the device, the report.
#include <algorithm>
#include <functional>

#include "validation/measure/budget.hpp"
#include "validation/measure/device.cuh"
#include "validation/measure/options.hpp"
#include "validation/measure/report.hpp"
#include "validation/measure/timeline.hpp"

namespace fieldsim::measure {

struct Session {
  const Options& options;
  Budget& budget;
  Report& report;
  Timeline& timeline;
  const DeviceFacts facts;
  Stream stream, other;     // `other` for copies and background load
  double copy_ceiling = 0;  // bytes/s read plus written, 0 until measured
  double read_ceiling = 0;  // bytes/s, read only

  Row& add(Row row) {
    report.rows.push_back(std::move(row));
    return report.rows.back();
  }
  void skip(const char* group, std::string what, std::string why) {
    report.skipped.push_back(Skipped{group, std::move(what), std::move(why)});
  }
  // Seconds one point may take: full runs are more careful than quick ones.
  double box(double full, double quick) const {
    return std::min(options.quick ? quick : full, std::max(0.02, budget.left_in_group()));
  }
};

// Device time of work(run) in microseconds. Three warm-ups, then two passes of up to 25 runs queued
// back to back with events between them, so that launch gaps stay out; `box` seconds at most, at
// least two runs a pass. run counts up, for rotating inputs.
Timing device_time(const Stream& stream, double box, const std::function<void(std::size_t)>& work);

// Wall time of work() in microseconds; work must end synchronised. Same warm-ups and passes.
Timing host_time(double box, const std::function<void()>& work, std::size_t most = 200);

// The groups, in the order of groups().
void measure_ceilings(Session& session);
void measure_latency(Session& session);
void check_kernels(Session& session);
void measure_kernels(Session& session);
void measure_integrity(Session& session);
void measure_pcie(Session& session);
void measure_host(Session& session);
void measure_decode(Session& session);

}  // namespace fieldsim::measure
