#pragma once
// A schema without its C++ types: what the reader, the overlay, the manual and the JSON Schema
// walk. The tree is finite: a section cannot contain itself.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/config/quantity.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

class Report;

// A leaf's value without its type: counts, quantities (their integer) and choices (their index) are
// int64; nothing at all is an empty optional.
using Scalar = std::variant<std::monostate, std::int64_t, double, bool, std::string, Value>;

enum class NodeKind {
  count,
  ratio,
  boolean,
  text,
  path,
  choice,
  quantity,
  any,
  list,
  map_of,
  section
};

// May a leaf be written {value: ..., source: "datasheet: ..."}? Demanded: a number must be.
enum class Sources { none, accepted, demanded };

struct SchemaNode;
using NodePtr = std::shared_ptr<SchemaNode>;

struct ChoiceWord {
  std::string word;
  std::string doc;
};

struct Group {  // fields that exclude each other
  std::vector<std::string> names;
  bool one_needed = false;
};

struct SchemaField {
  std::string name;
  std::string doc;
  NodePtr node;
  bool required = false;
  bool optional = false;             // a std::optional member: null unsets it
  bool needs_source = true;          // where sources are demanded
  std::string catalogue;             // a reference: the kind of shipped file; otherwise empty
  std::function<void*(void*)> open;  // the member; an empty optional is filled first
  std::function<const void*(const void*)> look;  // the member; nullptr for an empty optional
  std::function<void(void*)> reset;              // empties an optional; null for other members

  bool is_reference() const { return !catalogue.empty(); }
};

struct SchemaNode {
  NodeKind kind = NodeKind::text;

  // leaves
  Dimension dimension = Dimension::time;  // quantity
  std::string unit;                       // count: what is counted, "tokens"
  std::string folder;                     // path: where in configs/ a bare name is looked for
  std::optional<Scalar> low;
  std::optional<Scalar> high;
  std::vector<ChoiceWord> choices;
  std::function<void(void*, const Scalar&)> store;
  std::function<Scalar(const void*)> load;

  // list, map_of
  NodePtr element;
  std::int64_t min_items = 0;
  std::int64_t max_items = INT64_MAX;
  std::function<void(void*)> clear;
  std::function<void*(void*, const std::string&)> append;  // the key, for map_of
  using Visitor = std::function<void(const std::string&, const void*)>;
  std::function<void(const void*, const Visitor&)> visit;

  // section
  std::string name;
  std::string doc;
  std::vector<SchemaField> fields;
  std::vector<Group> groups;
  std::string shorthand;
  Sources sources = Sources::none;
  std::vector<std::function<void(const void*, Report&)>> checks;
  std::function<std::shared_ptr<const void>()> make_default;

  bool is_section() const { return kind == NodeKind::section; }
  bool is_leaf() const { return kind < NodeKind::list; }
  bool is_number() const {
    return kind == NodeKind::count || kind == NodeKind::ratio || kind == NodeKind::quantity;
  }
  const SchemaField* find(std::string_view field) const;
  std::vector<std::string> names() const;
};

// "time", "count of tokens", "one of fused, unfused": the type as a reader of the manual sees it.
std::string type_text(const SchemaNode& node);
std::string range_text(const SchemaNode& node);  // "1 .. 16777216"; empty when unbounded
std::string scalar_text(const SchemaNode& node, const Scalar& value);  // as it would be written
// The same for a member that may be a list or a map; `member` may be null: "none".
std::string member_text(const SchemaNode& node, const void* member);

bool in_range(const SchemaNode& node, const Scalar& value);
// Must the file say it? When declared so, and when the default is outside the field's own range.
bool is_needed(const SchemaField& field, const void* object);

}  // namespace fieldsim::config
