#pragma once
// Why a scenario is as fast as it is: the path that the run waited for, what each resource bounds,
// and what more of it would buy.
#include <optional>
#include <string>
#include <vector>

#include "sim/system/explain/critical_path.hpp"
#include "sim/system/explain/elasticity.hpp"
#include "sim/system/explain/speedup.hpp"
#include "sim/system/result.hpp"

namespace fieldsim::system::explain {

// The time that one resource alone needs for what it did in a phase: bytes or operations at its
// full rate, or the time it was held. With everything else free the phase takes no less.
struct Ceiling {
  std::string resource;
  Duration busy;
  double share = 0;  // of the phase
};

// Room that agents share: how much of it was in use at most.
struct Room {
  std::string name;
  double peak = 0, capacity = 0;
  bool bytes = false;
};
struct AgentsTime {
  std::string activity;
  double time_s = 0;  // of all agents
  double share = 0;
};
struct Agents {
  Duration elapsed;
  std::vector<AgentsTime> times;  // longest first
  std::vector<Ceiling> ceilings;  // longest first
  std::vector<Room> rooms;
};

struct Explanation {
  Metric metric;
  double value = 0;                  // of the metric
  std::optional<CriticalPath> path;  // nothing under the analytic fidelity, which executes nothing
  std::vector<TaskClass> classes;
  std::int64_t tasks = 0, tasks_on_path = 0;  // but for those that only join others
  Duration prefill, decode;  // lengths of the phases; decode until the last verdict
  std::vector<Ceiling> prefill_ceilings, decode_ceilings;  // longest first
  std::vector<Elasticity> elasticities;                    // largest first
  Goal goal;
  std::vector<Alone> alone;
  std::vector<Together> together;
  std::vector<Alternative> alternatives;
  std::optional<Agents> agents;  // of a run with workload.agents, which keeps no task log
};

// `log` is of the run that gave `result`, or null. `evaluate` runs the scenario with more
// assignments.
Explanation explain(const Scenario& scenario, const Result& result, const hardware::TaskLog* log,
                    const Metric& metric, double value, const Evaluate& evaluate,
                    const Goal& goal = {});

}  // namespace fieldsim::system::explain
