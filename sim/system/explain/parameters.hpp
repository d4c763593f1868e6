#pragma once
// The resources and settings of a scenario that set its pace: where each stands in the file, and
// which parts of the critical path follow from it.
#include <optional>
#include <string>
#include <vector>

#include "sim/hardware/task_log.hpp"
#include "sim/system/explain/knob.hpp"
#include "sim/system/explain/metric.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system::explain {

struct Parameter {
  enum class Law {
    rate,    // parts shrink as it grows
    time,    // parts grow with it
    policy,  // no law: only a run tells
  };
  std::string label;
  Knob knob;
  Law law = Law::policy;
  std::vector<hardware::Limiter> parts;
  bool prefill = true, decode = true;  // phases whose parts follow it
  std::optional<std::int64_t> most;    // beyond which more of it is nothing

  bool better_when_larger() const { return law != Law::time; }
};

// Those that this scenario uses and gives a value above zero, most physical first.
std::vector<Parameter> parameters(const Scenario& scenario);

// By how much the metric's speed changes when the parameter is multiplied by `factor` and the
// critical path stays where it is; nothing when only a run can tell.
std::optional<double> predicted(const Parameter& p, const Metric& metric, const CriticalPath& path,
                                double factor);

}  // namespace fieldsim::system::explain
