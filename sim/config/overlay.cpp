#include "sim/config/overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"
#include "sim/config/sourced.hpp"

namespace fieldsim::config {

namespace {

// What is known of the place two values meet; the node is null below an unknown key.
struct Spot {
  const SchemaNode* node = nullptr;
  bool reference = false;
  Sources sources = Sources::none;

  Spot below(const std::string& key) const {
    if (node == nullptr) return {};
    if (node->kind == NodeKind::map_of)
      return {node->element.get(), false, std::max(sources, node->element->sources)};
    const SchemaField* f = node->find(key);
    if (f == nullptr) return {};
    return {f->node.get(), f->is_reference(), std::max(sources, f->node->sources)};
  }
  bool sourced() const {
    return node != nullptr && sources != Sources::none && can_be_sourced(*node);
  }
};

Value merge(const Value& lower, const Value& upper, const Spot& spot);
Value adopt(const Value& upper, const Spot& spot);

Value one_field(std::string_view key, const Value& value) {
  Value map = Value::map(value.where);
  map.fields.push_back({std::string(key), value.where, value});
  return map;
}

// A number set by an upper layer must not keep the source of the one it replaces.
Value with_source(const Value& upper) {
  Value map = upper.is_map() ? upper : one_field("value", upper);
  if (map.find("source") == nullptr) {
    const Where& at = map.find("value")->value.where;
    map.fields.push_back(
        {"source", at, Value::scalar("assumed: set by the user at " + at.str(), at)});
  }
  return map;
}

Value merge_sourced(const Value& lower, const Value& upper, const Spot& spot) {
  if (upper.is_null()) return upper;
  if (!upper.is_map()) return is_claim(*spot.node) || lower.is_map() ? with_source(upper) : upper;
  if (upper.find("value") != nullptr) return with_source(upper);
  if (lower.is_null()) return upper;
  // Only a note or a better source: it is about the value below.
  return merge(lower.is_map() ? lower : one_field("value", lower), upper, {});
}

bool given(const Value& map, const std::string& key) {
  const Field* f = map.find(key);
  return f != nullptr && !f->value.is_null();
}

// The keys of `lower` that an alternative in `upper` replaces.
std::unordered_set<std::string> replaced(const Value& upper, const SchemaNode& node) {
  std::unordered_set<std::string> gone;
  for (const Group& group : node.groups) {
    const bool any =
        std::ranges::any_of(group.names, [&](const auto& n) { return given(upper, n); });
    if (any) gone.insert(group.names.begin(), group.names.end());
  }
  return gone;
}

Value merge_maps(const Value& lower, const Value& upper, const Spot& spot) {
  // Indexed: two layers of 100,000 keys must not take 10^10 comparisons.
  std::unordered_map<std::string_view, const Field*> above;
  for (const Field& f : upper.fields) above.emplace(f.key, &f);
  std::unordered_set<std::string> gone;
  if (spot.node != nullptr && spot.node->is_section()) gone = replaced(upper, *spot.node);

  Value result = Value::map(upper.where);
  std::unordered_set<std::string_view> done;
  for (const Field& f : lower.fields) {
    const auto it = above.find(f.key);
    if (it == above.end()) {
      if (!gone.contains(f.key)) result.fields.push_back(f);
      continue;
    }
    done.insert(f.key);
    result.fields.push_back(
        {f.key, it->second->where, merge(f.value, it->second->value, spot.below(f.key))});
  }
  for (const Field& f : upper.fields)
    if (!done.contains(f.key))
      result.fields.push_back({f.key, f.where, adopt(f.value, spot.below(f.key))});
  return result;
}

Value merge(const Value& lower, const Value& upper, const Spot& spot) {
  if (spot.sourced()) return merge_sourced(lower, upper, spot);
  if (!upper.is_map()) return upper;
  if (spot.reference && upper.find(kExtends) != nullptr) return adopt(upper, spot);
  if (lower.is_map()) return merge_maps(lower, upper, spot);
  if (lower.is_scalar() && spot.reference)
    return merge_maps(one_field(kExtends, lower), upper, spot);
  if (lower.is_scalar() && spot.node != nullptr && !spot.node->shorthand.empty())
    return merge_maps(one_field(spot.node->shorthand, lower), upper, spot);
  return adopt(upper, spot);
}

// What an upper layer adds with nothing below it: still set by the user, so it is still marked.
Value adopt(const Value& upper, const Spot& spot) {
  if (spot.sourced()) return merge_sourced({}, upper, spot);
  if (!upper.is_map()) return upper;
  return merge_maps(Value::map(upper.where), upper, spot);
}

// Every node of a command-line value is at the command line.
Value placed(Value value, const Where& where) {
  value.where = where;
  for (Value& item : value.items) item = placed(std::move(item), where);
  for (Field& f : value.fields) {
    f.where = where;
    f.value = placed(std::move(f.value), where);
  }
  return value;
}

Value parse_assigned(const std::string& text, const Where& where) {
  const std::size_t first = text.find_first_not_of(" \t");
  // Only brackets and quotes are YAML here: 'a: b' or '# 1' given to --set is text.
  if (first != std::string::npos &&
      std::string_view("[{\"'").find(text[first]) != std::string_view::npos) {
    try {
      return placed(parse_text(text, where.file), where);
    } catch (const ConfigError& e) {
      std::vector<Problem> problems = e.problems();
      for (Problem& p : problems) p.where = where;
      throw ConfigError(std::move(problems));
    }
  }
  if (first == std::string::npos || text == "null" || text == "~")
    return {Value::Kind::null, where, {}, {}, {}};
  return Value::scalar(text.substr(first, text.find_last_not_of(" \t") - first + 1), where);
}

// A value in the way of a path: it cannot have keys, and is not the name of something that has.
void check_way(const Value& root, const std::vector<std::string>& keys, const SchemaNode& schema,
               const Where& where, const std::string& path) {
  const Value* at = &root;
  Spot spot{&schema, false, Sources::none};
  std::string so_far;
  for (const std::string& key : keys) {
    if (at->is_list() || at->is_scalar()) {
      const bool opens =
          at->is_scalar() && (spot.reference || (spot.node && !spot.node->shorthand.empty()));
      if (opens) return;
      throw ConfigError(where, path,
                        fmt::format("'{}' is {}, set at {}, and has no keys", so_far,
                                    kind_and_text(*at), at->where.str()));
    }
    const Field* f = at->find(key);
    if (f == nullptr) return;
    so_far = join_path(so_far, key);
    at = &f->value;
    spot = spot.below(key);
  }
}

}  // namespace

Value overlay(const Value& lower, const Value& upper, const SchemaNode& schema) {
  return merge(lower, upper, {&schema, false, schema.sources});
}

Value set(const Value& root, const std::string& path, const Value& value,
          const SchemaNode& schema) {
  const PathLookup found = find_path(schema, path);
  if (!found)
    throw ConfigError({Problem{value.where, path,
                               fmt::format("there is no key '{}'", found.unknown), found.nearest}});
  const std::vector<std::string> keys = split_path(path);
  check_way(root, keys, schema, value.where, path);
  // An assignment is an overlay of one value: the rules above hold for it too.
  Value upper = value;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) upper = one_field(*key, upper);
  return overlay(root, upper, schema);
}

Value set(const Value& root, const std::string& assignment, const SchemaNode& schema) {
  const Where where{"--set " + assignment.substr(0, 200), 0, 0};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ConfigError(where, "", "expected path.to.key=value");
  const std::string path = assignment.substr(0, equals);
  return set(root, path, parse_assigned(assignment.substr(equals + 1), where), schema);
}

}  // namespace fieldsim::config
