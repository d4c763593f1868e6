#pragma once
// Scenarios as trees that can be grown key by key, pruned, and written as a file.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/value.hpp"

namespace fieldsim::test {

using KeyPath = std::vector<std::string>;  // "a.b.c" taken apart

// Sets the scalar at "a.b.c"; sections on the way come into being.
void put(config::Value& root, const std::string& path, const std::string& text);
void put(config::Value& root, const std::string& path, std::int64_t number);
void put(config::Value& root, const std::string& path, const std::vector<std::string>& list);

const config::Value* at(const config::Value& root, const KeyPath& path);  // null when absent
config::Value without(const config::Value& root, const KeyPath& path);
config::Value with(const config::Value& root, const KeyPath& path, const std::string& text);

std::vector<KeyPath> paths(const config::Value& root);  // every key, sections before what is inside

// Sections that fit a line are written in braces.
std::string yaml_text(const config::Value& root);

}  // namespace fieldsim::test
