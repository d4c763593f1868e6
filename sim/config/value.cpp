#include "sim/config/value.hpp"

#include <fmt/format.h>

#include <utility>

namespace fieldsim::config {

const Field* Value::find(std::string_view key) const {
  for (const Field& f : fields)
    if (f.key == key) return &f;
  return nullptr;
}

Value Value::scalar(std::string text, Where where) {
  return {Kind::plain, std::move(where), std::move(text), {}, {}};
}

Value Value::map(Where where) { return {Kind::map, std::move(where), {}, {}, {}}; }

std::string kind_and_text(const Value& value) {
  constexpr std::size_t kShown = 60;
  switch (value.kind) {
    case Value::Kind::null:
      return "nothing";
    case Value::Kind::list:
      return fmt::format("a list of {}", value.items.size());
    case Value::Kind::map:
      return fmt::format("a section of {} keys", value.fields.size());
    default:
      break;
  }
  if (value.text.size() > kShown) return fmt::format("a text of {} bytes", value.text.size());
  return fmt::format("'{}'", value.text);
}

namespace {
// Appends until `out` is long enough for any message: a tree can be a megabyte.
void append_flow(const Value& value, std::string& out) {
  constexpr std::size_t kEnough = 2000;
  if (out.size() > kEnough) return;
  switch (value.kind) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::plain:
      out += value.text;
      return;
    case Value::Kind::quoted:
      out += '"' + value.text + '"';
      return;
    case Value::Kind::list:
      out += '[';
      for (const Value& item : value.items) {
        if (&item != &value.items.front()) out += ", ";
        append_flow(item, out);
      }
      out += ']';
      return;
    case Value::Kind::map:
      out += '{';
      for (const Field& f : value.fields) {
        if (&f != &value.fields.front()) out += ", ";
        out += f.key + ": ";
        append_flow(f.value, out);
      }
      out += '}';
      return;
  }
}
}  // namespace

std::string flow_text(const Value& value) {
  std::string out;
  append_flow(value, out);
  return out;
}

}  // namespace fieldsim::config
