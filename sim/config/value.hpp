#pragma once
// The tree a YAML or JSON file is read into. Every node keeps where it was written, through
// overlays too; a node is never changed once built: overlays make new trees.
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"

namespace fieldsim::config {

struct Field;

struct Value {
  enum class Kind { null, plain, quoted, list, map };

  Kind kind = Kind::null;
  Where where;
  std::string text;           // plain and quoted: as written, without the quotes
  std::vector<Value> items;   // list
  std::vector<Field> fields;  // map, in the order written; keys are unique

  bool is_scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
  bool is_null() const { return kind == Kind::null; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Field* find(std::string_view key) const;  // nullptr when absent or not a map

  static Value scalar(std::string text, Where where);
  static Value map(Where where);
};

struct Field {
  std::string key;
  Where where;  // of the key
  Value value;
};

// "the text 'abc'", "a list of 3", "nothing": the got half of "expected ..., got ...".
std::string kind_and_text(const Value& value);

// One line of flow YAML, for tables and messages: {a: 1, b: [x, y]}.
std::string flow_text(const Value& value);

}  // namespace fieldsim::config
