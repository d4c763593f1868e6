#include "sim/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/config/overlay.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"

namespace fieldsim::config {

namespace {

// One file being read, and the place that asked for it: the chain that a cycle is shown as.
struct Link {
  std::string file;
  Where asked;
};

// Follows one document; chain_ holds the files being read now, so that a repeat is a circle.
class Loader {
 public:
  Loader(Document& document, const Catalogue& catalogue)
      : document_(document), catalogue_(catalogue) {}

  // The file with its own `extends` merged below it and its references resolved if asked for. `at`
  // is the key path of the section it stands for; "" for a whole document.
  Value file(const std::string& path, const SchemaNode& schema, const std::string& kind,
             bool references, const Where& asked, const std::string& at) {
    enter(path, asked, at);
    if (std::ranges::find(document_.files, path) == document_.files.end())
      document_.files.push_back(path);
    Value value = extended(parse_file(path, document_.problems), schema, kind, references, at);
    if (references) value = resolved(value, schema, at);
    chain_.pop_back();
    return value;
  }

  Value extended(Value value, const SchemaNode& schema, const std::string& kind, bool references,
                 const std::string& at) {
    const Field* extends = value.find(kExtends);
    if (extends == nullptr) return value;
    const Field link = *extends;
    // The key is ours, not the schema's: the reader would call it unknown.
    std::erase_if(value.fields, [](const Field& f) { return f.key == kExtends; });
    if (!link.value.is_scalar())
      throw ConfigError(link.value.where, join_path(at, kExtends),
                        fmt::format("expected a file or the name of one in configs/{}, got {}",
                                    kind, kind_and_text(link.value)));
    const std::string below =
        catalogue_.find(kind, link.value.text, link.value.where, join_path(at, kExtends));
    return overlay(file(below, schema, kind, references, link.value.where, at), value, schema);
  }

  Value resolved(const Value& value, const SchemaNode& schema, const std::string& at) {
    if (!value.is_map() && !value.is_list()) return value;
    Value result = value;
    if (schema.element) {
      for (std::size_t i = 0; i < result.items.size(); ++i)
        result.items[i] = resolved(result.items[i], *schema.element, fmt::format("{}[{}]", at, i));
      for (Field& f : result.fields)
        f.value = resolved(f.value, *schema.element, join_path(at, f.key));
      return result;
    }
    for (Field& f : result.fields) {
      const SchemaField* field = schema.find(f.key);
      if (field == nullptr) continue;
      const std::string own = join_path(at, f.key);
      f.value = field->is_reference() ? reference(f.value, *field, own)
                                      : resolved(f.value, *field->node, own);
    }
    return result;
  }

 private:
  void enter(const std::string& path, const Where& asked, const std::string& at) {
    const auto again =
        std::ranges::find_if(chain_, [&](const Link& l) { return same(l.file, path); });
    if (again != chain_.end()) {
      std::string shown;
      for (auto l = again; l != chain_.end(); ++l)
        shown += fmt::format("{} -> ", l + 1 == chain_.end() ? asked.str() : (l + 1)->asked.str());
      throw ConfigError(asked, join_path(at, kExtends),
                        fmt::format("'extends' goes round in a circle: {}{}", shown, again->file));
    }
    if (chain_.size() >= kMaxExtends)
      throw ConfigError(asked, join_path(at, kExtends),
                        fmt::format("more than {} files extend one another", kMaxExtends));
    chain_.push_back({path, asked});
  }

  // The same file can be reached by two spellings and by links.
  static bool same(const std::string& a, const std::string& b) {
    std::error_code error;
    return a == b || std::filesystem::equivalent(a, b, error);
  }

  // A file that cannot be read leaves the reference as it is; the problem says why.
  Value reference(const Value& value, const SchemaField& field, const std::string& at) {
    const SchemaNode& node = *field.node;
    const std::size_t depth = chain_.size();
    try {
      if (value.is_scalar()) {
        const std::string path = catalogue_.find(field.catalogue, value.text, value.where, at);
        return file(path, node, field.catalogue, true, value.where, at);
      }
      return resolved(extended(value, node, field.catalogue, true, at), node, at);
    } catch (const ConfigError& e) {
      chain_.resize(depth);
      for (Problem p : e.problems()) {
        if (p.path.empty()) p.path = at;
        document_.problems.push_back(std::move(p));
      }
      return Value::scalar("", value.where);
    }
  }

  Document& document_;
  const Catalogue& catalogue_;
  std::vector<Link> chain_;
};

// What was wrong in the files above is said along with the error that ended the reading.
template <class F>
Document collect(F&& read_root) {
  Document d;
  try {
    d.root = read_root(d);
  } catch (const ConfigError& e) {
    d.problems.insert(d.problems.end(), e.problems().begin(), e.problems().end());
    throw ConfigError(std::move(d.problems));
  }
  return d;
}

}  // namespace

Document open_file(const std::string& path, const SchemaNode& schema, const Catalogue& catalogue,
                   const std::string& kind) {
  return collect(
      [&](Document& d) { return Loader(d, catalogue).file(path, schema, kind, false, {}, ""); });
}

Document open_value(const Value& value, const SchemaNode& schema, const Catalogue& catalogue,
                    const std::string& kind) {
  return collect(
      [&](Document& d) { return Loader(d, catalogue).extended(value, schema, kind, false, ""); });
}

Document open_text(std::string_view text, const std::string& filename, const SchemaNode& schema,
                   const Catalogue& catalogue, const std::string& kind) {
  return collect([&](Document& d) {
    return Loader(d, catalogue)
        .extended(parse_text(text, filename, d.problems), schema, kind, false, "");
  });
}

void assign(Document& document, const std::string& assignment, const SchemaNode& schema) {
  try {
    document.root = set(document.root, assignment, schema);
  } catch (const ConfigError& e) {
    document.problems.insert(document.problems.end(), e.problems().begin(), e.problems().end());
  }
}

void resolve(Document& document, const SchemaNode& schema, const Catalogue& catalogue) {
  Loader loader(document, catalogue);
  document.root = loader.resolved(document.root, schema, "");
}

}  // namespace fieldsim::config
