#include "sim/system/study/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/config/leaf.hpp"
#include "sim/config/paths.hpp"
#include "sim/system/study/range.hpp"

namespace fieldsim::system {

using config::Field;
using config::NodeKind;
using config::SchemaNode;
using config::Value;

namespace {

bool has_reference(const SchemaNode& node) {
  if (node.element) return has_reference(*node.element);
  return std::ranges::any_of(node.fields, [](const config::SchemaField& f) {
    return f.is_reference() || has_reference(*f.node);
  });
}

class AxisReader {
 public:
  AxisReader(const SchemaNode& scenario, std::uint64_t seed, std::vector<Problem>& problems)
      : scenario_(scenario), seed_(seed), problems_(problems) {}

  std::vector<Axis> read(const Value& vary) {
    if (!vary.is_map() || vary.fields.empty()) {
      say(vary.where, "vary",
          fmt::format(
              "expected paths and their values, as in {{workload.batch: [1, 2, 4]}}, got {}",
              vary.is_map() ? "nothing" : config::kind_and_text(vary)));
      return {};
    }
    for (const Field& f : vary.fields) {
      if (f.key != "zip") {
        add({&f});
      } else if (f.value.is_list() && !f.value.items.empty()) {
        for (const Value& group : f.value.items) zip(group);
      } else {
        zip(f.value);
      }
    }
    return std::move(axes_);
  }

 private:
  void say(const Where& where, const std::string& path, std::string message,
           std::string nearest = "") {
    problems_.push_back({where, path, std::move(message), std::move(nearest)});
  }

  void zip(const Value& group) {
    if (!group.is_map() || group.fields.empty())
      return say(group.where, "vary.zip",
                 fmt::format("expected paths and lists of one length, got {}",
                             group.is_map() ? "nothing" : config::kind_and_text(group)));
    std::vector<const Field*> fields;
    for (const Field& f : group.fields) fields.push_back(&f);
    add(fields);
  }

  void add(const std::vector<const Field*>& fields) {
    const std::size_t before = problems_.size();
    Axis axis;
    for (const Field* f : fields) {
      AxisPath path = read_path(*f);
      if (problems_.size() == before && !axis.paths.empty() && path.values.size() != axis.size())
        say(f->where, "vary.zip." + f->key,
            fmt::format("has {} values, and {} has {}: zipped paths move together",
                        path.values.size(), axis.paths.front().path, axis.size()));
      axis.paths.push_back(std::move(path));
    }
    if (problems_.size() == before) axes_.push_back(std::move(axis));
  }

  AxisPath read_path(const Field& f) {
    AxisPath out;
    out.path = out.column = f.key;
    const config::PathLookup found = config::find_path(scenario_, f.key);
    if (!found) {
      say(f.where, "vary." + f.key,
          fmt::format("there is no key '{}' in a scenario", found.unknown), found.nearest);
      return out;
    }
    if (!paths_.insert(f.key).second) {
      say(f.where, "vary." + f.key, "is varied twice");
      return out;
    }
    out.node = found.node;
    out.reads_files =
        (found.field != nullptr && found.field->is_reference()) || has_reference(*found.node);
    if (found.node->kind == NodeKind::quantity) {
      const std::string suffix = unit_suffix(found.node->dimension);
      const bool said = f.key.ends_with(suffix) || f.key.ends_with("." + suffix.substr(1));
      if (!said) out.column += suffix;
    }
    out.drawn = f.value.find("draws") != nullptr;
    if (is_range(f.value)) {
      for (Value& v : range_values(f.value, {*found.node, f.key, seed_}, problems_))
        out.values.push_back(value_of(*found.node, v));
    } else if (!f.value.is_list()) {
      say(f.value.where.line != 0 ? f.value.where : f.where, "vary." + f.key,
          fmt::format("expected a list of values or a range such as {{linear: [a, b, n]}}, got {}",
                      config::kind_and_text(f.value)));
    } else if (f.value.items.empty()) {
      say(f.value.where, "vary." + f.key, "is empty: no value is given");
    }
    for (const Value& item : f.value.items) {
      out.values.push_back(value_of(*found.node, item));
      check_leaf(f.key, *found.node, item);
    }
    return out;
  }

  // A wrong leaf is told once, not once a point.
  void check_leaf(const std::string& path, const SchemaNode& node, const Value& value) {
    if (!node.is_leaf() || !value.is_scalar() || node.kind == NodeKind::path) return;
    const config::LeafReading r = config::read_leaf(node, value);
    if (!r.error.empty()) say(value.where, "vary." + path, r.error, r.nearest);
  }

  static AxisValue value_of(const SchemaNode& node, const Value& item) {
    const Field* label = item.find("label");
    const Field* inner = item.find("value");
    if (label != nullptr && inner != nullptr && item.fields.size() == 2)
      return {inner->value, label->value.text, label->value.text};
    // A number with its source: {value: 2 TB/s, source: ...}.
    const bool sourced = inner != nullptr && item.find("source") != nullptr && node.is_leaf();
    const Value& shown = sourced ? inner->value : item;
    const std::string text = shown.is_scalar() ? shown.text : config::flow_text(shown);
    return {item, text, datum(node, shown)};
  }

  const SchemaNode& scenario_;
  std::uint64_t seed_;
  std::vector<Problem>& problems_;
  std::set<std::string> paths_;
  std::vector<Axis> axes_;
};

}  // namespace

std::vector<Axis> read_axes(const Value& vary, const SchemaNode& scenario, std::uint64_t seed,
                            std::vector<Problem>& problems) {
  return AxisReader(scenario, seed, problems).read(vary);
}

}  // namespace fieldsim::system
