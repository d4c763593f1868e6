// Lists and maps of the reader: each item has a path of its own, stages[1] or named.x.
#include <fmt/format.h>

#include "sim/config/paths.hpp"
#include "sim/config/reader.hpp"

namespace fieldsim::config {

void Reader::list(const SchemaNode& node, const Value& value, void* member, const Place& at,
                  const Origin& origin) {
  if (!value.is_list()) {
    problem(value.where, at.path,
            fmt::format("expected a {}, got {}", type_text(node), kind_and_text(value)));
    return;
  }
  node.clear(member);
  count_items(node, value.items.size(), at);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", at.path, i);
    const Value& item = value.items[i];
    const Place place{path, item.where, at.sources, at.needs_source};
    if (nothing(*node.element, item, place)) continue;
    void* slot = node.append(member, "");
    if (!node.element->is_leaf()) {
      this->node(*node.element, item, slot, place);
      continue;
    }
    Origin own = origin;
    own.path = path;
    bare(*node.element, item, slot, place, std::move(own));
  }
}

void Reader::map_of(const SchemaNode& node, const Value& value, void* member, const Place& at) {
  if (!value.is_map()) {
    problem(value.where, at.path,
            fmt::format("expected a {}, got {}", type_text(node), kind_and_text(value)));
    return;
  }
  node.clear(member);
  count_items(node, value.fields.size(), at);
  for (const Field& f : value.fields) {
    const std::string path = join_path(at.path, f.key);
    given_[path] = f.where;
    const Place place{path, f.where, at.sources, at.needs_source};
    if (!nothing(*node.element, f.value, place))
      this->node(*node.element, f.value, node.append(member, f.key), place);
  }
}

void Reader::count_items(const SchemaNode& node, std::size_t items, const Place& at) {
  const auto n = static_cast<std::int64_t>(items);
  if (n < node.min_items)
    problem(at.where, at.path,
            fmt::format("has {} items, at least {} are needed", n, node.min_items));
  if (n > node.max_items)
    problem(at.where, at.path,
            fmt::format("has {} items, at most {} are allowed", n, node.max_items));
}

}  // namespace fieldsim::config
