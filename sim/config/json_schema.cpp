// The only file that knows nlohmann_json. Editors parse YAML 1.2, other tools 1.1, so a number may
// reach the validator as a number or as text ("1e6"): both are accepted, and the reader is
// stricter.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/config/describe.hpp"
#include "sim/config/sourced.hpp"

namespace fieldsim::config {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumber = R"((0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)";

Json null_or(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), {{"type", "null"}}})}};
}

Json scalar_value(const Scalar& value) {
  if (const auto* ratio = std::get_if<double>(&value)) return *ratio;
  return std::get<std::int64_t>(value);
}

Json leaf(const SchemaNode& node) {
  Json s;
  switch (node.kind) {
    case NodeKind::count:
      s = {{"type", {"integer", "string"}}, {"pattern", fmt::format("^-?{}$", kNumber)}};
      break;
    case NodeKind::ratio:
      s = {{"type", {"number", "string"}}, {"pattern", fmt::format("^-?{}\\s*%?$", kNumber)}};
      break;
    case NodeKind::boolean:
      return {{"type", "boolean"}};
    case NodeKind::any:
      return Json::object();
    case NodeKind::text:
    case NodeKind::path:
      return {{"type", {"string", "number", "boolean"}}};
    case NodeKind::quantity: {
      std::vector<std::string> units = unit_names(node.dimension);
      // A longer unit first: with an alternation the order must not matter, but editors show it.
      std::ranges::stable_sort(units, {},
                               [](const std::string& u) { return -static_cast<int>(u.size()); });
      return {{"type", "string"},
              {"pattern", fmt::format("^{}\\s*({})$", kNumber, fmt::join(units, "|"))},
              {"examples", {dimension_example(node.dimension)}}};
    }
    default: {
      Json words = Json::array();
      for (const ChoiceWord& c : node.choices) words.push_back(c.word);
      return {{"enum", words}};
    }
  }
  if (node.low) s["minimum"] = scalar_value(*node.low);
  if (node.high) s["maximum"] = scalar_value(*node.high);
  return s;
}

Json with_source(Json value) {
  Json text = {{"type", {"string", "number", "boolean", "array", "null"}}};
  Json source = {{"type", "string"}, {"pattern", "^(datasheet|measured|fitted|assumed): *[^ ]"}};
  Json properties = {
      {"value", value}, {"source", source}, {"note", text}, {"uncertainty", text}, {"rows", text}};
  Json sourced = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  return {{"anyOf", Json::array({std::move(value), std::move(sourced)})}};
}

std::string described(const SchemaField& f, const void* member, bool needed) {
  std::string text = f.doc;
  const auto add = [&](const std::string& sentence) {
    text += (text.empty() ? "" : "\n") + sentence;
  };
  const SchemaNode& leaf = f.node->element ? *f.node->element : *f.node;
  if (f.is_reference()) add(fmt::format("A file in configs/{}, a path, or a map.", f.catalogue));
  if (!f.node->is_section()) {
    const std::string range = range_text(*f.node);
    add(fmt::format("{}{}{}.", type_text(*f.node), range.empty() ? "" : "; ", range));
    add(needed ? "Required." : fmt::format("Default: {}.", member_text(*f.node, member)));
  }
  for (const ChoiceWord& c : leaf.choices) add(fmt::format("{}: {}", c.word, c.doc));
  return text;
}

Json section(const SchemaNode& node, const void* object, Sources sources, bool extends);
Json completeness(const SchemaNode& node, const void* object, Sources sources);

Json value_schema(const SchemaNode& node, const void* member, Sources sources, bool reference) {
  if (node.is_leaf()) return leaf(node);
  if (node.kind == NodeKind::list || node.kind == NodeKind::map_of) {
    Json items = value_schema(*node.element, nullptr, sources, false);
    if (node.kind == NodeKind::map_of) return {{"type", "object"}, {"additionalProperties", items}};
    if (node.element->is_section()) {  // lists replace as a whole, so an item is never half given
      const auto item = node.element->make_default();
      const Json complete = completeness(*node.element, item.get(), sources);
      if (!complete.empty()) items = {{"allOf", Json::array({std::move(items), complete})}};
    }
    Json s = {{"type", "array"}, {"items", items}};
    if (node.min_items > 0) s["minItems"] = node.min_items;
    if (node.max_items < INT64_MAX) s["maxItems"] = node.max_items;
    return s;
  }
  const auto blank = member == nullptr ? node.make_default() : nullptr;
  Json map = section(node, member == nullptr ? blank.get() : member, sources, reference);
  if (reference) return {{"anyOf", Json::array({{{"type", "string"}}, std::move(map)})}};
  if (node.shorthand.empty()) return map;
  Json bare = value_schema(*node.find(node.shorthand)->node, nullptr, sources, false);
  return {{"anyOf", Json::array({std::move(bare), std::move(map)})}};
}

// No two of a group, unless one of them is null (which unsets it).
void add_groups(const SchemaNode& node, Json& s) {
  Json pairs = Json::array();
  for (const Group& g : node.groups)
    for (std::size_t i = 0; i < g.names.size(); ++i)
      for (std::size_t j = i + 1; j < g.names.size(); ++j) {
        const Json given = {{"not", {{"type", "null"}}}};
        pairs.push_back({{"not",
                          {{"required", {g.names[i], g.names[j]}},
                           {"properties", {{g.names[i], given}, {g.names[j], given}}}}}});
      }
  if (!pairs.empty()) s["allOf"] = pairs;
}

// What may be written; what must be written is completeness().
Json section(const SchemaNode& node, const void* object, Sources sources, bool extends) {
  sources = std::max(sources, node.sources);
  Json properties = Json::object();
  if (extends)
    properties["extends"] = {{"type", "string"},
                             {"description", "The file or shipped name this builds on."}};
  for (const SchemaField& f : node.fields) {
    const void* member = f.look(object);
    const bool needed = is_needed(f, object);
    Json s = value_schema(*f.node, member, sources, f.is_reference());
    if (sources != Sources::none && can_be_sourced(*f.node)) s = with_source(std::move(s));
    if (f.optional) s = null_or(std::move(s));
    s["description"] = described(f, member, needed);
    if (f.node->is_leaf() && member != nullptr && !needed && f.node->kind != NodeKind::any) {
      const Scalar value = f.node->load(member);
      const bool number = f.node->kind == NodeKind::count || f.node->kind == NodeKind::ratio;
      if (const auto* flag = std::get_if<bool>(&value))
        s["default"] = *flag;
      else if (number)
        s["default"] = scalar_value(value);
      else
        s["default"] = scalar_text(*f.node, value);
    }
    properties[f.name] = std::move(s);
  }
  Json s = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!node.doc.empty()) s["description"] = node.doc;
  add_groups(node, s);
  return s;
}

// What a file that extends nothing must have; empty when it may have nothing at all.
Json completeness(const SchemaNode& node, const void* object, Sources sources) {
  sources = std::max(sources, node.sources);
  Json required = Json::array();
  Json properties = Json::object();
  Json s = Json::object();
  for (const SchemaField& f : node.fields) {
    if (is_needed(f, object)) required.push_back(f.name);
    if (sources == Sources::demanded && f.needs_source && is_claim(*f.node))
      properties[f.name] = {
          {"anyOf", Json::array({{{"type", "object"}, {"required", {"value", "source"}}},
                                 {{"type", "null"}}})}};
    if (f.node->kind == NodeKind::map_of && f.node->element->is_section()) {
      const auto item = f.node->element->make_default();
      Json below = completeness(*f.node->element, item.get(), sources);
      if (!below.empty()) properties[f.name] = {{"additionalProperties", std::move(below)}};
    }
    if (!f.node->is_section()) continue;
    const void* member = f.look(object);
    const auto blank = member == nullptr ? f.node->make_default() : nullptr;
    Json below = completeness(*f.node, member == nullptr ? blank.get() : member, sources);
    if (below.empty()) continue;
    const bool needed = below.contains("required") || below.contains("allOf");
    if (needed && member != nullptr && !f.required) required.push_back(f.name);
    // A map that extends a file takes the rest from there.
    if (f.is_reference()) below = {{"if", {{"required", {"extends"}}}}, {"else", std::move(below)}};
    properties[f.name] = std::move(below);
  }
  Json one_of_each = Json::array();
  for (const Group& g : node.groups) {
    const bool by_default = std::ranges::any_of(g.names, [&](const std::string& name) {
      const SchemaField& f = *node.find(name);
      return f.optional && f.look(object) != nullptr;
    });
    if (!g.one_needed || by_default) continue;
    Json any = Json::array();
    for (const std::string& name : g.names) any.push_back({{"required", {name}}});
    one_of_each.push_back({{"anyOf", any}});
  }
  if (!one_of_each.empty()) s["allOf"] = one_of_each;
  if (!required.empty()) s["required"] = required;
  if (!properties.empty()) s["properties"] = properties;
  return s;
}

}  // namespace

std::string json_schema(const SchemaNode& node, const std::string& title) {
  const auto blank = node.make_default();
  Json s = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  s.update(section(node, blank.get(), Sources::none, true));
  const Json complete = completeness(node, blank.get(), Sources::none);
  if (!complete.empty()) {
    s["if"] = {{"required", {"extends"}}};
    s["else"] = complete;
  }
  return s.dump(2) + "\n";
}

}  // namespace fieldsim::config
