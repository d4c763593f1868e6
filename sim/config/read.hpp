#pragma once
// A tree of values into a struct, by its schema: every problem at once, and the origin of each
// leaf.
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/config/provenance.hpp"
#include "sim/config/schema.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

template <class T>
struct Loaded {
  T value{};
  Provenance provenance;
};

// `object` must be default-constructed and of the schema's type. References must be resolved.
void read_into(const SchemaNode& schema, const Value& value, void* object, Provenance& provenance,
               std::vector<Problem>& problems);

// In reading order: by file as first met, then line and column.
void sort_problems(std::vector<Problem>& problems);

template <class T>
Loaded<T> read(const Schema<T>& schema, const Value& value, std::vector<Problem> known = {}) {
  Loaded<T> loaded;
  read_into(schema.node(), value, &loaded.value, loaded.provenance, known);
  sort_problems(known);
  if (!known.empty()) throw ConfigError(std::move(known));
  return loaded;
}

}  // namespace fieldsim::config
