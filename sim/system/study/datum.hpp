#pragma once
// A value in an expression or a table: nothing, a number in SI units (s, B, B/s, Hz, W, J), a truth
// or a text.
#include <string>
#include <variant>

#include "sim/config/schema_node.hpp"

namespace fieldsim::system {

using Datum = std::variant<std::monostate, double, bool, std::string>;

// A Duration counts ps, so 1e12. Whole, because a quotient rounds once: 1 ms is 0.001 exactly as
// written.
double counts_per_si(config::Dimension dimension);
// What a column in that unit is called after: "_s", "_bytes".
std::string unit_suffix(config::Dimension dimension);

// A leaf as written, by its node; nothing for what cannot be read (the reader says why).
Datum datum(const config::SchemaNode& node, const config::Value& value);

}  // namespace fieldsim::system
