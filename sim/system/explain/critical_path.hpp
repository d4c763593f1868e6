#pragma once
// The longest path through an executed task graph, and how much later every other task could have
// ended. Kelley and Walker, Critical-Path Planning and Scheduling, 1959.
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/task_log.hpp"

namespace fieldsim::system::explain {

struct CriticalPath {
  std::vector<hardware::TaskLog::Id> tasks;  // from the start of the run to `until`
  Duration length;                           // sum of theirs: the end of the last one
  hardware::Split prefill, decode;           // the same by cause, before and after decode began
  // By task; nothing for a task that leads nowhere: work thrown away, or after the end asked for.
  std::vector<std::optional<Duration>> slack;
};

// REQUIRES: the run has set `until`.
CriticalPath critical_path(const hardware::TaskLog& log, hardware::TaskLog::Mark until);

// All tasks of one kind and phase.
struct TaskClass {
  std::string what;
  bool decode = false;
  std::int64_t count = 0, on_path = 0, leading_nowhere = 0;
  Duration time, time_on_path;
  std::optional<Duration> least_slack, mean_slack;  // of those that are not on the path
};

// In order of first appearance.
std::vector<TaskClass> task_classes(const hardware::TaskLog& log, const CriticalPath& path);

}  // namespace fieldsim::system::explain
