#pragma once
// Key paths of a schema: verification.boundary.every_tokens.
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/schema_node.hpp"

namespace fieldsim::config {

struct PathLookup {
  const SchemaNode* node = nullptr;    // null when the path is not legal
  const SchemaField* field = nullptr;  // null for an element of a map_of
  std::string unknown;                 // the first key that is not known, with the path before it
  std::string nearest;                 // the nearest legal path
  explicit operator bool() const { return node != nullptr; }
};

PathLookup find_path(const SchemaNode& root, std::string_view path);

// Every leaf, list and map below a section; "*" stands for the key of a map_of, "[]" for an item.
std::vector<std::string> leaf_paths(const SchemaNode& root);

std::vector<std::string> split_path(std::string_view path);
std::string join_path(std::string_view path, std::string_view key);

}  // namespace fieldsim::config
