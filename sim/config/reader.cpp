#include "sim/config/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/config/leaf.hpp"
#include "sim/config/paths.hpp"
#include "sim/config/sourced.hpp"

namespace fieldsim::config {

namespace {
constexpr std::size_t kMaxProblems = 200;  // more than anyone reads; a hostile file has 100,000

const Value kNothing;
}  // namespace

// What a check sees of the section it belongs to.
class Reader::SectionReport final : public Report {
 public:
  SectionReport(Reader& reader, const std::string& path, const Where& where)
      : reader_(reader), path_(path), where_(where) {}

  void problem(const std::string& key, const std::string& message) override {
    const std::string path = key.empty() ? path_ : join_path(path_, key);
    const auto it = reader_.given_.find(path);
    reader_.problem(it == reader_.given_.end() ? where_ : it->second, path, message);
  }
  bool given(const std::string& key) const override {
    return reader_.given_.contains(join_path(path_, key));
  }

 private:
  Reader& reader_;
  const std::string& path_;
  const Where& where_;
};

void Reader::problem(const Where& where, const std::string& path, std::string message,
                     std::string nearest) {
  if (problems_.size() < kMaxProblems) {
    problems_.push_back({where, path, std::move(message), std::move(nearest)});
  } else if (problems_.size() == kMaxProblems) {
    problems_.push_back(
        {{}, "", fmt::format("more problems; the first {} are shown", kMaxProblems), ""});
  }
}

void Reader::section(const SchemaNode& node, const Value& value, void* object,
                     const std::string& path, const Where& where, Sources sources) {
  if (!value.is_null() && !value.is_map()) {
    problem(
        value.where, path,
        fmt::format("expected a section with keys such as {}, got {}",
                    node.fields.empty() ? "none" : node.fields.front().name, kind_and_text(value)));
    return;
  }
  sources = std::max(sources, node.sources);
  const std::size_t before = problems_.size();
  for (const Field& f : value.fields)
    if (node.find(f.key) == nullptr) unknown_key(node, f, path);
  // Before the fields: a default alternative that is not the one given must be gone by then.
  groups(node, value, object, path, where);
  for (const SchemaField& f : node.fields)
    field(f, value.find(f.name), object, path, where, sources);
  if (problems_.size() != before) return;
  SectionReport report(*this, path, where);
  for (const auto& check : node.checks) check(object, report);
}

void Reader::unknown_key(const SchemaNode& node, const Field& f, const std::string& path) {
  constexpr std::size_t kListed = 12;
  const std::string at = join_path(path, f.key.substr(0, 60));
  if (problems_.size() > kMaxProblems) return;
  // The search looks at every path of the schema; with a flood of keys nobody sees its result.
  const std::string elsewhere = find_path(root_, at).nearest;
  std::string nearest = nearest_word(f.key, node.names());
  // The right key in the wrong section is a slip of indentation.
  if (elsewhere.ends_with("." + f.key) || elsewhere == f.key || nearest.empty())
    nearest = elsewhere;
  std::string message = "unknown key";
  if (nearest.empty() && node.fields.size() <= kListed)
    message += fmt::format("; the keys of {} are {}", path.empty() ? "this file" : path,
                           fmt::join(node.names(), ", "));
  problem(f.where, at, std::move(message), std::move(nearest));
}

void Reader::groups(const SchemaNode& node, const Value& value, void* object,
                    const std::string& path, const Where& where) {
  for (const Group& group : node.groups) {
    std::vector<const Field*> given;
    bool by_default = false;
    for (const std::string& name : group.names) {
      const Field* f = value.find(name);
      if (f != nullptr && !f->value.is_null()) given.push_back(f);
      const SchemaField& field = *node.find(name);
      by_default = by_default || (f == nullptr && field.optional && field.look(object) != nullptr);
    }
    const std::string names = fmt::format("{}", fmt::join(group.names, ", "));
    if (given.size() > 1) {
      problem(given[1]->where, join_path(path, given[1]->key),
              fmt::format("only one of {} may be given, and '{}' is already, in line {}", names,
                          given[0]->key, given[0]->where.line));
    } else if (given.empty() && group.one_needed && !by_default) {
      problem(where, path, fmt::format("one of {} is needed", names));
    }
    if (given.empty()) continue;
    for (const std::string& name : group.names) {
      const SchemaField& field = *node.find(name);
      if (name != given[0]->key && field.reset) field.reset(object);
    }
  }
}

void Reader::field(const SchemaField& f, const Field* given, void* object, const std::string& path,
                   const Where& where, Sources sources) {
  const std::string own = join_path(path, f.name);
  if (given == nullptr) {
    if (is_needed(f, object)) {
      problem(where, own, fmt::format("is missing: {} ({})", f.doc, type_text(*f.node)));
    } else {
      absent(f, object, {own, where, sources, f.needs_source});
    }
    return;
  }
  given_[own] = given->where;
  const Place at{own, given->where, sources, f.needs_source};
  if (given->value.is_null() && f.optional && !f.required) {
    f.reset(object);
    return;
  }
  if (nothing(*f.node, given->value, at)) return;
  if (f.is_reference() && given->value.is_scalar()) {
    // Its file could not be read, which is a problem already; else nobody called resolve().
    const bool told = std::ranges::any_of(problems_, [&](const Problem& p) {
      return p.path == own || p.path.starts_with(own + ".");
    });
    if (!told) problem(given->value.where, own, "the file it names was not read");
    return;
  }
  node(*f.node, given->value, f.open(object), at);
}

// Nothing written: the member keeps its default, but a section below may still need something.
void Reader::absent(const SchemaField& f, void* object, const Place& at) {
  if (f.node->is_section()) {
    if (!f.optional || f.look(object) != nullptr)
      section(*f.node, kNothing, f.open(object), at.path, at.where, at.sources);
    return;
  }
  Origin origin;
  origin.path = at.path;
  origin.text = member_text(*f.node, f.look(object));
  provenance_.add(std::move(origin));
}

bool Reader::nothing(const SchemaNode& node, const Value& value, const Place& at) {
  if (!value.is_null() || node.kind == NodeKind::any) return false;
  problem(at.where, at.path,
          fmt::format("has no value: expected {}; delete the line to take the default",
                      type_text(node)));
  return true;
}

void Reader::node(const SchemaNode& node, const Value& value, void* member, const Place& at) {
  if (node.is_section()) {
    if (value.is_scalar() && !node.shorthand.empty()) {
      // From here on there is one way to read a section, so the shorthand has no rules of its own.
      Value map = Value::map(value.where);
      map.fields.push_back({node.shorthand, value.where, value});
      section(node, map, member, at.path, at.where, at.sources);
    } else {
      section(node, value, member, at.path, at.where, at.sources);
    }
  } else if (node.kind == NodeKind::map_of) {
    map_of(node, value, member, at);
  } else {
    sourced(node, value, member, at);
  }
}

void Reader::sourced(const SchemaNode& node, const Value& value, void* member, const Place& at) {
  Origin origin;
  origin.path = at.path;
  origin.given = true;
  const Value* inner = &value;
  if (value.is_map() && at.sources != Sources::none && can_be_sourced(node)) {
    const std::vector<std::string> keys(kSourceKeys.begin(), kSourceKeys.end());
    for (const Field& f : value.fields)
      if (std::ranges::find(keys, f.key) == keys.end())
        problem(
            f.where, join_path(at.path, f.key.substr(0, 60)),
            fmt::format("unknown key; the keys of a sourced value are {}", fmt::join(keys, ", ")),
            nearest_word(f.key, keys));
    const auto text = [&](std::string_view key) {
      const Field* f = value.find(key);
      if (f == nullptr || f->value.is_null()) return std::string();
      return f->value.is_scalar() ? f->value.text : flow_text(f->value);
    };
    origin.note = text("note");
    origin.uncertainty = text("uncertainty");
    origin.rows = text("rows");
    if (const std::string source = text("source"); !source.empty()) {
      const std::optional<Source> parsed = parse_source(source);
      if (!parsed) {
        problem(value.find("source")->value.where, join_path(at.path, "source"),
                fmt::format("expected 'datasheet:', 'measured:', 'fitted:' or 'assumed:' and then "
                            "which, got '{}'",
                            source.substr(0, 60)),
                nearest_word(source.substr(0, source.find_first_of(": ")),
                             {"datasheet", "measured", "fitted", "assumed"}));
        origin.source = {SourceKind::assumed, source};
      } else {
        origin.source = *parsed;
      }
    }
    const Field* f = value.find("value");
    if (f == nullptr || f->value.is_null()) {
      problem(value.where, join_path(at.path, "value"),
              fmt::format("is missing: {}", type_text(node)));
      return;
    }
    inner = &f->value;
  }
  if (at.sources == Sources::demanded && at.needs_source && is_claim(node) &&
      origin.source.kind == SourceKind::none)
    problem(value.where, at.path,
            fmt::format(
                "needs a source: write {{value: {}, source: \"datasheet: ...\"}}; the kinds are "
                "datasheet, measured, fitted and assumed",
                flow_text(*inner).substr(0, 60)));
  bare(node, *inner, member, at, std::move(origin));
}

void Reader::bare(const SchemaNode& node, const Value& value, void* member, const Place& at,
                  Origin origin) {
  if (node.kind == NodeKind::list) return list(node, value, member, at, origin);
  LeafReading reading = read_leaf(node, value);
  if (std::holds_alternative<std::monostate>(reading.value)) {
    problem(value.where, at.path, std::move(reading.error), std::move(reading.nearest));
    return;
  }
  node.store(member, reading.value);
  origin.text = value.is_scalar() ? value.text : flow_text(value);
  origin.where = value.where;
  provenance_.add(std::move(origin));
}

}  // namespace fieldsim::config
