#include "sim/config/leaf.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "sim/config/catalogue.hpp"

namespace fieldsim::config {

namespace {
template <class T>
LeafReading lift(Parsed<T> parsed) {
  if (!parsed.value) return {{}, std::move(parsed.error), std::move(parsed.nearest)};
  return {Scalar(std::move(*parsed.value)), "", ""};
}

LeafReading read_choice(const SchemaNode& node, const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < node.choices.size(); ++i) {
    if (node.choices[i].word == text) return {static_cast<std::int64_t>(i), "", ""};
    words.push_back(node.choices[i].word);
  }
  return {{},
          fmt::format("expected {}, got '{}'", type_text(node), text.substr(0, 60)),
          nearest_word(text, words)};
}

LeafReading read_path(const SchemaNode& node, const Value& value) {
  std::string file = resolve_path(value.text, value.where, node.folder);
  std::error_code error;
  if (std::filesystem::exists(file, error)) return {std::move(file), "", ""};
  std::string nearest = nearest_file(file);
  if (nearest.empty() && !node.folder.empty()) {
    const std::filesystem::path shipped(Catalogue().root());
    const auto name = std::filesystem::path(value.text).filename();
    nearest =
        std::filesystem::path(nearest_file((shipped / node.folder / name).string())).filename();
  }
  return {{}, fmt::format("no such file: {}", file), std::move(nearest)};
}

LeafReading read_number(const SchemaNode& node, const std::string& text) {
  LeafReading r = node.kind == NodeKind::count   ? lift(parse_count(text))
                  : node.kind == NodeKind::ratio ? lift(parse_ratio(text))
                                                 : lift(parse_quantity(text, node.dimension));
  if (!r.error.empty()) {
    if (node.kind == NodeKind::count && !node.unit.empty())
      r.error += " (counts " + node.unit + ")";
    return r;
  }
  if (!in_range(node, r.value))
    return {{}, fmt::format("'{}' is out of range: expected {}", text, range_text(node)), ""};
  return r;
}
}  // namespace

LeafReading read_leaf(const SchemaNode& node, const Value& value) {
  if (node.kind == NodeKind::any) return {value, "", ""};
  if (!value.is_scalar()) {
    const std::string wanted = node.kind == NodeKind::quantity
                                   ? fmt::format("{} such as '{}'", dimension_name(node.dimension),
                                                 dimension_example(node.dimension))
                                   : type_text(node);
    return {{}, fmt::format("expected {}, got {}", wanted, kind_and_text(value)), ""};
  }
  // Quoted digits are text in YAML and JSON alike; a quantity is text in JSON, so it may be quoted.
  const bool quoted = value.kind == Value::Kind::quoted;
  switch (node.kind) {
    case NodeKind::text:
      return {value.text, "", ""};
    case NodeKind::path:
      return read_path(node, value);
    case NodeKind::choice:
      return read_choice(node, value.text);
    case NodeKind::boolean: {
      if (!quoted) return lift(parse_bool(value.text));
      return {{},
              fmt::format("expected true or false, got the quoted text \"{}\"",
                          value.text.substr(0, 60)),
              ""};
    }
    default:
      break;
  }
  if (quoted && node.kind == NodeKind::count)
    return {{},
            fmt::format("expected a whole number, got the quoted text \"{}\"",
                        value.text.substr(0, 60)),
            ""};
  return read_number(node, value.text);
}

}  // namespace fieldsim::config
