// What a study's results depend on, as one number: whether results on disk belong to it.
#include <fmt/format.h>

#include "sim/base/random.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/config/source_text.hpp"
#include "sim/system/study/points.hpp"

namespace fieldsim::system {

using config::NodeKind;
using config::SchemaNode;
using config::Value;

namespace {

// Lengths before texts, so that no two trees are written alike. Positions do not matter; the
// content of a file that a value names does.
class Canonical {
 public:
  void value(const Value& v, const SchemaNode* node) {
    if (v.is_scalar()) {
      if (node != nullptr && node->kind == NodeKind::path) return file(v, node->folder);
      return text(v.kind == Value::Kind::quoted ? "q" : "p", v.text);
    }
    out_ += v.is_list() ? '[' : v.is_map() ? '{' : '~';
    for (const Value& item : v.items) value(item, node == nullptr ? nullptr : node->element.get());
    for (const config::Field& f : v.fields) {
      text("k", f.key);
      const SchemaNode* below = nullptr;
      if (node != nullptr && node->element)
        below = node->element.get();
      else if (const config::SchemaField* field = node == nullptr ? nullptr : node->find(f.key))
        below = field->node.get();
      value(f.value, below);
    }
    out_ += '.';
  }
  void text(const char* kind, const std::string& t) {
    out_ += fmt::format("{}{}:{}", kind, t.size(), t);
  }
  std::string hash() const {
    return fmt::format("{:016x}{:016x}", name_hash(out_), name_hash(out_ + "again"));
  }

 private:
  void file(const Value& v, const std::string& folder) {
    try {
      text("f", config::read_source(config::resolve_path(v.text, v.where, folder)));
    } catch (const ConfigError&) {
      text("p", v.text);  // too large or not there: the name must do
    }
  }
  std::string out_;
};

}  // namespace

std::string Points::fingerprint() const {
  Canonical c;
  c.text("n", study_.name);
  for (const auto& [key, base] : bases_) c.value(base.root, &schema_);
  for (const Axis& a : study_.axes) {
    c.text("a", fmt::format("{}", a.paths.size()));
    for (const AxisPath& p : a.paths) {
      c.text("k", p.path);
      for (const AxisValue& v : p.values) {
        c.text("l", v.text);
        c.value(v.value, p.node);
      }
    }
  }
  for (const Expression& e : study_.where) {
    // Those over inputs decide what is run at all; the others are looked at afterwards.
    bool inputs = true;
    for (const std::string& name : e.names()) inputs = inputs && is_input(name);
    if (inputs) c.text("w", e.text());
  }
  return c.hash();
}

}  // namespace fieldsim::system
