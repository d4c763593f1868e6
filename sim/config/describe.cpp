#include "sim/config/describe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "sim/config/paths.hpp"

namespace fieldsim::config {

namespace {

class Manual {
 public:
  void section(const SchemaNode& node, const void* object, const std::string& path) {
    for (const SchemaField& f : node.fields)
      row(f, f.look(object), is_needed(f, object), join_path(path, f.name));
    for (const Group& g : node.groups) {
      std::string names;
      for (const std::string& n : g.names)
        names += (names.empty() ? "" : ", ") + join_path(path, n);
      notes_ +=
          fmt::format("{} one of {} may be given.\n", g.one_needed ? "Exactly" : "At most", names);
    }
    if (!node.shorthand.empty() && !path.empty())
      notes_ += fmt::format("'{0}: X' is short for '{0}: {{{1}: X}}'.\n", path, node.shorthand);
  }
  std::string text() const { return rows_ + (notes_.empty() ? "" : "\n" + notes_); }

 private:
  void row(const SchemaField& f, const void* member, bool needed, const std::string& path) {
    const SchemaNode& node = *f.node;
    if (f.is_reference()) {
      line(path,
           fmt::format("a file in configs/{}, a path, or a map of its keys{}", f.catalogue,
                       needed ? "; required" : ""),
           f.doc);
      return;
    }
    if (node.is_section()) {
      if (f.optional && member == nullptr) line(path, "section; default none", f.doc);
      const auto blank = member == nullptr ? node.make_default() : nullptr;
      section(node, member == nullptr ? blank.get() : member, path);
      return;
    }
    std::string facts = type_text(node);
    if (const std::string range = range_text(node); !range.empty()) facts += "; " + range;
    facts += needed ? "; required" : "; default " + shown_default(node, member);
    line(path, facts, f.doc);
    const SchemaNode& leaf = node.element ? *node.element : node;
    for (const ChoiceWord& c : leaf.choices)
      if (!c.doc.empty()) rows_ += fmt::format("      {:<14} {}\n", c.word, c.doc);
    if (leaf.is_section()) {
      const auto item = leaf.make_default();
      section(leaf, item.get(), join_path(path, node.kind == NodeKind::list ? "[]" : "*"));
    }
  }

  static std::string shown_default(const SchemaNode& node, const void* member) {
    const std::string text = member_text(node, member);
    return text.empty() ? "empty" : text;
  }

  void line(const std::string& path, const std::string& facts, const std::string& doc) {
    rows_ += fmt::format("  {}\n      {}\n", path, facts);
    if (!doc.empty()) rows_ += fmt::format("      {}\n", doc);
  }

  std::string rows_;
  std::string notes_;
};

}  // namespace

std::string describe(const SchemaNode& section) {
  Manual manual;
  const auto blank = section.make_default();
  manual.section(section, blank.get(), "");
  std::string text = fmt::format("{}: {}\n\n{}", section.name, section.doc, manual.text());
  if (section.sources != Sources::none)
    text += fmt::format(
        "\nA number {} be written {{value: X, source: \"datasheet: ...\"}}; the kinds of source "
        "are datasheet, measured, fitted and assumed.\n",
        section.sources == Sources::demanded ? "must" : "may");
  return text;
}

}  // namespace fieldsim::config
