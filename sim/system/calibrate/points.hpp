#pragma once
// Measurements that are hardware parameters by themselves: link rates and the submission of a copy
// (nvbandwidth, fieldsim-measure), the achieved share of device memory (Nsight Compute,
// fieldsim-measure), launch gaps (fieldsim-measure).
#include <string>
#include <vector>

#include "sim/hardware/params.hpp"
#include "sim/system/calibrate/table.hpp"

namespace fieldsim::calibrate {

struct FittedPoint {
  std::string section, key;  // "link", "to_host"; a section below gpu is "gpu.hbm"
  double value = 0;          // SI
  double uncertainty = 0;    // one standard deviation of the points; 0: there was one
  std::string unit;          // "B/s", "s", "B", "1"
  std::size_t points = 0;
  std::string what;  // the tests it comes from
};

struct PointFit {
  std::vector<FittedPoint> values;
  std::vector<std::string> unidentified;  // "link.submit: copies of three sizes would show it"
  std::vector<std::string> unused;        // tests that are no parameter of a hardware file
  std::size_t rejected = 0;               // faster than the link or the memory can be
};

PointFit fit_points(const std::vector<Point>& points, const hardware::HardwareParams& hardware);

// Lines of a hardware file below `section` ("gpu" or "link"), two spaces in; empty if none.
std::string to_yaml(const PointFit& fit, const std::string& section, const std::string& source);

}  // namespace fieldsim::calibrate
