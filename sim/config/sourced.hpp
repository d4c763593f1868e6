#pragma once
// A leaf written as {value: 2.039 TB/s, source: "datasheet: ...", note:, uncertainty:, rows:}.
#include <array>
#include <string_view>
#include <vector>

#include "sim/config/schema_node.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

inline constexpr std::array<std::string_view, 5> kSourceKeys = {"value", "source", "note",
                                                                "uncertainty", "rows"};

// May this node be written with a source? A leaf or a list of leaves that is not free-form.
inline bool can_be_sourced(const SchemaNode& node) {
  if (node.kind == NodeKind::list)
    return node.element->is_leaf() && node.element->kind != NodeKind::any;
  return node.is_leaf() && node.kind != NodeKind::any;
}

// Must it have one, where sources are demanded? Only numbers make claims about the world.
inline bool is_claim(const SchemaNode& node) {
  return node.is_number() || (node.kind == NodeKind::list && node.element->is_number());
}

}  // namespace fieldsim::config
