#pragma once
// What a little more or less of each resource changes, twice: as the critical path says, and as the
// run says that was made with it. Where the two part, the bound has moved to another resource.
#include <optional>
#include <string>
#include <vector>

#include "sim/system/explain/parameters.hpp"

namespace fieldsim::system::explain {

struct Side {
  std::string assignment;                // what --set takes
  double factor = 1;                     // of the parameter
  double value = 0;                      // of the metric, from the run
  double gain = 0;                       // of its speed, from the run: 0.02 is 2 % faster
  std::optional<double> predicted_gain;  // by the critical path of the unchanged run
  bool fits = true;                      // in device memory
  std::string problem;                   // why there is no run
  bool kink = false;                     // run and prediction part
};

struct Elasticity {
  Parameter parameter;
  std::optional<Side> up, down;
  // d ln(metric) / d ln(parameter).
  std::optional<double> measured;   // over both sides, or the one there is
  std::optional<double> predicted;  // of the path: exact for an infinitesimal change
};

inline constexpr double kStep = 0.10;  // 10 % more, 10 % less; a count moves by one at least

std::vector<Elasticity> elasticities(const std::vector<Parameter>& parameters, const Metric& metric,
                                     const CriticalPath* path, double baseline,
                                     const Evaluate& evaluate);

}  // namespace fieldsim::system::explain
