#pragma once
// One leaf of a file: text to a Scalar by the node's type, range and words.
#include <string>

#include "sim/config/schema_node.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

struct LeafReading {
  Scalar value;  // empty when there is an error
  std::string error;
  std::string nearest;
};

LeafReading read_leaf(const SchemaNode& node, const Value& value);

}  // namespace fieldsim::config
