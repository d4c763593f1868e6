#pragma once
// A study: a scenario with dimensions, and what is asked of the results.
#include <string>
#include <utility>
#include <vector>

#include "sim/config/document.hpp"
#include "sim/system/study/axis.hpp"
#include "sim/system/study/expression.hpp"

namespace fieldsim::system {

struct Objective {
  bool maximize = true;
  Expression expression;
};

struct Study {
  std::string name, description, file;
  config::Document base;  // references unresolved; --set applied
  std::vector<Axis> axes;
  std::vector<Expression> where;  // all must hold
  std::vector<std::pair<std::string, Expression>> derive;
  std::vector<config::Value> columns;   // names, prefix.* or *; empty: the usual ones
  std::vector<Objective> objectives;    // several: a Pareto front
  std::vector<config::Value> baseline;  // columns to divide by the first row's
  std::size_t points() const;           // the product of the axes
};

// For the JSON Schema, `describe` and unknown keys.
config::NodePtr study_schema();
std::string study_json_schema(const config::SchemaNode& scenario);

std::string find_study(const std::string& reference, const config::Catalogue& catalogue);

// Reads and checks all that can be checked without a scenario. Throws ConfigError with every
// problem. `assignments` go over the base scenario, below what is varied.
Study open_study(const std::string& reference, const config::Catalogue& catalogue,
                 const config::SchemaNode& scenario,
                 const std::vector<std::string>& assignments = {});

}  // namespace fieldsim::system
