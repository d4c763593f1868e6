#pragma once
// One dimension of a study: the paths that move together, and what they are at each step.
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/config/schema_node.hpp"
#include "sim/system/study/datum.hpp"

namespace fieldsim::system {

struct AxisValue {
  config::Value value;
  std::string text;  // as it is shown: the label, or the value on one line
  Datum datum;       // as an expression sees it: the label's text, or the number
};

struct AxisPath {
  std::string path;
  std::string column;  // the path, and the unit when it is a quantity
  const config::SchemaNode* node = nullptr;
  bool reads_files = false;  // the value may name files that have to be read
  bool drawn = false;        // at random, from a distribution or as seeds
  std::vector<AxisValue> values;
};

struct Axis {
  std::vector<AxisPath> paths;  // all with as many values
  std::size_t size() const { return paths.front().values.size(); }
};

// `vary:` of a study, in the order written; `zip:` is one axis, a list of maps is one each. `seed`
// is what draws depend on. Appends every problem.
std::vector<Axis> read_axes(const config::Value& vary, const config::SchemaNode& scenario,
                            std::uint64_t seed, std::vector<Problem>& problems);

}  // namespace fieldsim::system
