#pragma once
// What would make it so many times faster: how much of each resource alone, of each two together,
// and which other policies. Every figure is a run.
#include <optional>
#include <string>
#include <vector>

#include "sim/system/explain/elasticity.hpp"

namespace fieldsim::system::explain {

struct Goal {
  double speedup = 2.0;
  double most = 1000.0;  // how far a resource is turned; a real one ends sooner
};

struct Alone {
  std::string label, path;
  bool reached = false;
  double factor = 1;   // better by this, and no less, reaches the goal; else how far it was turned
  double speedup = 1;  // there
  std::string assignment;  // there
  // Turned as far as can be.
  double limit_speedup = 1;
  std::string limit_assignment;
};

struct Together {
  std::string first, second;
  double first_factor = 1, second_factor = 1;
  double speedup = 1;
  std::vector<std::string> assignments;
};

struct Alternative {
  std::string label;
  std::vector<std::string> assignments;
  double speedup = 0;
  bool fits = true;
  bool weaker = false;  // checks less, or later, than the scenario does
  std::string problem;  // why it cannot be had
};

struct Baseline {
  double value = 0;
  bool fits = true;
};

// In the order of the parameters.
std::vector<Alone> alone(const std::vector<Parameter>& parameters, const Metric& metric,
                         const Baseline& baseline, const Evaluate& evaluate, const Goal& goal);

// Two resources better by the same factor, but for rounding of counts; the smallest such factors
// first. Pairs of which one alone does as well are left out.
std::vector<Together> together(const std::vector<Parameter>& parameters,
                               const std::vector<Alone>& alone, const Metric& metric,
                               const Baseline& baseline, const Evaluate& evaluate,
                               const Goal& goal);

// Policies other than the scenario's, fastest first; those that cannot be had last.
std::vector<Alternative> alternatives(const Scenario& scenario, const Metric& metric,
                                      const Baseline& baseline, const Evaluate& evaluate);

}  // namespace fieldsim::system::explain
