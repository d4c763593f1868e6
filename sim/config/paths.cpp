#include "sim/config/paths.hpp"

#include "sim/base/error.hpp"

namespace fieldsim::config {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> keys;
  while (true) {
    const std::size_t dot = path.find('.');
    keys.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return keys;
    path.remove_prefix(dot + 1);
  }
}

std::string join_path(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!joined.empty() && !key.starts_with('[')) joined += '.';
  return joined += key;
}

namespace {
void collect(const SchemaNode& node, const std::string& path, std::vector<std::string>& out) {
  if (node.is_section()) {
    for (const SchemaField& f : node.fields) collect(*f.node, join_path(path, f.name), out);
    return;
  }
  out.push_back(path);
  if (node.element && node.element->is_section())
    collect(*node.element, join_path(path, node.kind == NodeKind::list ? "[]" : "*"), out);
}

// A key that is right but in the wrong place, or else a slip in the spelling of the whole path.
std::string nearest_path(const SchemaNode& root, const std::vector<std::string>& keys,
                         const std::string& corrected) {
  if (!corrected.empty() && find_path(root, corrected)) return corrected;
  std::string whole;
  for (const std::string& key : keys) whole = join_path(whole, key);
  const std::vector<std::string> all = leaf_paths(root);
  std::string same_key;
  for (const std::string& p : all) {
    if (p != keys.back() && !p.ends_with("." + keys.back())) continue;
    // Two places have a key of this name: neither is the obvious one.
    if (!same_key.empty()) return nearest_word(whole, all);
    same_key = p;
  }
  return same_key.empty() ? nearest_word(whole, all) : same_key;
}
}  // namespace

std::vector<std::string> leaf_paths(const SchemaNode& root) {
  std::vector<std::string> paths;
  collect(root, "", paths);
  return paths;
}

PathLookup find_path(const SchemaNode& root, std::string_view path) {
  const std::vector<std::string> keys = split_path(path);
  PathLookup found{&root, nullptr, "", ""};
  std::string so_far;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const SchemaNode& node = *found.node;
    if (node.is_section()) {
      found.field = node.find(keys[i]);
      found.node = found.field == nullptr ? nullptr : found.field->node.get();
    } else {
      const bool enter = node.kind == NodeKind::map_of && !keys[i].empty();
      found.field = nullptr;
      found.node = enter ? node.element.get() : nullptr;
    }
    if (found.node == nullptr) {
      std::string corrected;
      if (const std::string near = nearest_word(keys[i], node.names()); !near.empty()) {
        corrected = join_path(so_far, near);
        for (std::size_t j = i + 1; j < keys.size(); ++j) corrected = join_path(corrected, keys[j]);
      }
      return {nullptr, nullptr, join_path(so_far, keys[i]), nearest_path(root, keys, corrected)};
    }
    so_far = join_path(so_far, keys[i]);
  }
  return found;
}

}  // namespace fieldsim::config
