#include "sim/config/schema_node.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldsim::config {

const SchemaField* SchemaNode::find(std::string_view field) const {
  const auto it = std::ranges::find(fields, field, &SchemaField::name);
  return it == fields.end() ? nullptr : &*it;
}

std::vector<std::string> SchemaNode::names() const {
  std::vector<std::string> result;
  for (const SchemaField& f : fields) result.push_back(f.name);
  return result;
}

std::string type_text(const SchemaNode& node) {
  switch (node.kind) {
    case NodeKind::count:
      return node.unit.empty() ? "count" : "count of " + node.unit;
    case NodeKind::ratio:
      return "ratio";
    case NodeKind::boolean:
      return "true or false";
    case NodeKind::text:
      return "text";
    case NodeKind::path:
      return "file";
    case NodeKind::any:
      return "anything";
    case NodeKind::list:
      return "list of " + type_text(*node.element);
    case NodeKind::map_of:
      return "map of names to " + type_text(*node.element);
    case NodeKind::section:
      return "section " + node.name;
    case NodeKind::quantity: {
      const std::string name = dimension_name(node.dimension);  // "a time": the article is dropped
      return name.substr(name.find(' ') + 1);
    }
    case NodeKind::choice:
      break;
  }
  std::string words;
  for (const ChoiceWord& c : node.choices) words += (words.empty() ? "" : ", ") + c.word;
  return "one of " + words;
}

std::string scalar_text(const SchemaNode& node, const Scalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return "none";
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* tree = std::get_if<Value>(&value)) return flow_text(*tree);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* ratio = std::get_if<double>(&value)) return fmt::format("{}", *ratio);
  const std::int64_t n = std::get<std::int64_t>(value);
  if (node.kind == NodeKind::quantity) return to_string(node.dimension, n);
  if (node.kind == NodeKind::choice) return node.choices[static_cast<std::size_t>(n)].word;
  return fmt::format("{}", n);
}

std::string range_text(const SchemaNode& node) {
  if (node.kind == NodeKind::list && node.element) return range_text(*node.element);
  if (!node.low && !node.high) return "";
  const std::string unit = node.unit.empty() ? "" : " " + node.unit;
  if (!node.high) return fmt::format("at least {}{}", scalar_text(node, *node.low), unit);
  if (!node.low) return fmt::format("at most {}{}", scalar_text(node, *node.high), unit);
  return fmt::format("{} .. {}{}", scalar_text(node, *node.low), scalar_text(node, *node.high),
                     unit);
}

std::string member_text(const SchemaNode& node, const void* member) {
  if (member == nullptr) return "none";
  if (node.is_leaf()) return scalar_text(node, node.load(member));
  if (node.is_section()) return "{...}";
  const bool list = node.kind == NodeKind::list;
  std::string items;
  node.visit(member, [&](const std::string& key, const void* item) {
    if (!items.empty()) items += ", ";
    if (!list) items += key + ": ";
    items += member_text(*node.element, item);
  });
  return list ? '[' + items + ']' : '{' + items + '}';
}

namespace {
bool below(const Scalar& a, const Scalar& b) {
  if (const auto* ratio = std::get_if<double>(&a)) return *ratio < std::get<double>(b);
  return std::get<std::int64_t>(a) < std::get<std::int64_t>(b);
}
}  // namespace

bool in_range(const SchemaNode& node, const Scalar& value) {
  return !(node.low && below(value, *node.low)) && !(node.high && below(*node.high, value));
}

bool is_needed(const SchemaField& field, const void* object) {
  if (field.required) return true;
  const void* member = field.look(object);
  return member != nullptr && field.node->is_number() &&
         !in_range(*field.node, field.node->load(member));
}

}  // namespace fieldsim::config
