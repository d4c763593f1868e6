#pragma once
#include <string>

#include "sim/config/schema_node.hpp"

namespace fieldsim::config {

// The manual of one section: field, type and unit, range, default, what it is.
std::string describe(const SchemaNode& section);

// JSON Schema (draft 07) for editors: accepts every legal file, rejects unknown keys. A file that
// says `extends` may leave out what is required.
std::string json_schema(const SchemaNode& section, const std::string& title);

}  // namespace fieldsim::config
