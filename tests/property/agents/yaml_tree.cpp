#include "tests/property/agents/yaml_tree.hpp"

#include <algorithm>
#include <sstream>

namespace fieldsim::test {

using config::Field;
using config::Value;

namespace {

constexpr std::size_t kLine = 80;

KeyPath split(const std::string& path) {
  KeyPath keys;
  std::istringstream in(path);
  for (std::string key; std::getline(in, key, '.');) keys.push_back(key);
  return keys;
}

Value* child(Value& section, const std::string& key) {
  const auto f = std::find_if(section.fields.begin(), section.fields.end(),
                              [&](const Field& x) { return x.key == key; });
  return f == section.fields.end() ? nullptr : &f->value;
}

Value& grow(Value& root, const std::string& path) {
  Value* here = &root;
  for (const std::string& key : split(path)) {
    here->kind = Value::Kind::map;
    if (child(*here, key) == nullptr) here->fields.push_back({key, {}, {}});
    here = child(*here, key);
  }
  return *here;
}

// Takes the key away, and sections that it leaves empty.
void prune(Value& section, const KeyPath& path, std::size_t depth) {
  Value* next = child(section, path[depth]);
  if (next == nullptr) return;
  if (depth + 1 < path.size()) prune(*next, path, depth + 1);
  if (depth + 1 < path.size() && !next->fields.empty()) return;
  std::erase_if(section.fields, [&](const Field& f) { return f.key == path[depth]; });
}

void collect(const Value& section, KeyPath& here, std::vector<KeyPath>& found) {
  for (const Field& f : section.fields) {
    here.push_back(f.key);
    found.push_back(here);
    collect(f.value, here, found);
    here.pop_back();
  }
}

void write(const Value& section, std::size_t indent, std::string& out) {
  for (const Field& f : section.fields) {
    const std::string head = std::string(indent, ' ') + f.key + ":";
    const std::string line = head + " " + flow_text(f.value);
    out += f.value.is_map() && line.size() > kLine ? head : line;
    out += '\n';
    if (f.value.is_map() && line.size() > kLine) write(f.value, indent + 2, out);
  }
}

}  // namespace

void put(Value& root, const std::string& path, const std::string& text) {
  grow(root, path) = Value::scalar(text, {});
}

void put(Value& root, const std::string& path, std::int64_t number) {
  put(root, path, std::to_string(number));
}

void put(Value& root, const std::string& path, const std::vector<std::string>& list) {
  Value& v = grow(root, path);
  v = {Value::Kind::list, {}, {}, {}, {}};
  for (const std::string& text : list) v.items.push_back(Value::scalar(text, {}));
}

const Value* at(const Value& root, const KeyPath& path) {
  const Value* here = &root;
  for (const std::string& key : path) {
    const Field* f = here->find(key);
    if (f == nullptr) return nullptr;
    here = &f->value;
  }
  return here;
}

Value without(const Value& root, const KeyPath& path) {
  Value pruned = root;
  prune(pruned, path, 0);
  return pruned;
}

Value with(const Value& root, const KeyPath& path, const std::string& text) {
  Value changed = root;
  Value* here = &changed;
  for (const std::string& key : path) here = child(*here, key);
  *here = Value::scalar(text, {});
  return changed;
}

std::vector<KeyPath> paths(const Value& root) {
  std::vector<KeyPath> found;
  KeyPath here;
  collect(root, here, found);
  return found;
}

std::string yaml_text(const Value& root) {
  std::string out;
  write(root, 0, out);
  return out;
}

}  // namespace fieldsim::test
