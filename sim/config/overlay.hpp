#pragma once
// Layers: maps merge, lists and scalars replace, every value keeps its own position. The schema
// says more: a scalar in place of a section is its shorthand or its file, alternatives replace each
// other, and a number set over a sourced one is marked as assumed.
#include <string>
#include <string_view>

#include "sim/config/schema_node.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

inline constexpr std::string_view kExtends = "extends";

// A scalar or a null in `upper` replaces a whole section; so does a map that has its own `extends`.
Value overlay(const Value& lower, const Value& upper, const SchemaNode& schema);

// `--set path.to.key=value`: the value is flow YAML. Throws ConfigError for a path the schema does
// not know, or that goes through a value which cannot have keys.
Value set(const Value& root, const std::string& assignment, const SchemaNode& schema);

// The same with a value that has its own position: one point of a study.
Value set(const Value& root, const std::string& path, const Value& value, const SchemaNode& schema);

}  // namespace fieldsim::config
