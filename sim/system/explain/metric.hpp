#pragma once
// What is to be made better: one number of the result JSON by its path, with the stretch of the
// critical path that it measures.
#include <functional>
#include <string>
#include <vector>

#include "sim/hardware/task_log.hpp"
#include "sim/system/explain/critical_path.hpp"

namespace fieldsim::system::explain {

struct Metric {
  std::string path = "throughput.tokens_per_s";
  hardware::TaskLog::Mark until = hardware::TaskLog::Mark::decode_ended;
  bool prefill = false, decode = true;  // phases in it
  bool a_time = true;  // the metric is the length of that stretch, or tokens over it
  bool higher_is_better = true;

  // The metric as a speed: its ratio to another is how many times faster that one is.
  double speed(double value) const { return higher_is_better ? value : 1.0 / value; }
  // Of the path, what the metric measures; empty when it is no time.
  hardware::Split stretch(const CriticalPath& path) const;
};

// Any path is a metric; of those not known here only runs tell what changes them.
Metric metric_of(const std::string& path);

// A run of the scenario with assignments over it, as --set gives them.
struct Outcome {
  double value = 0;     // of the metric
  bool fits = true;     // in device memory
  std::string problem;  // why there is no value
  explicit operator bool() const { return problem.empty() && value > 0; }
};
using Evaluate = std::function<Outcome(const std::vector<std::string>&)>;

}  // namespace fieldsim::system::explain
