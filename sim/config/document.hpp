#pragma once
// A file with everything it builds on: `extends` chains, --set assignments, references to shipped
// files. Problems are carried along and thrown by read(), together with the reader's own.
#include <string>
#include <vector>

#include "sim/config/catalogue.hpp"
#include "sim/config/read.hpp"
#include "sim/config/schema.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

inline constexpr std::size_t kMaxExtends = 16;

struct Document {
  Value root;
  std::vector<std::string> files;  // every file read, in order
  std::vector<Problem> problems;
};

// `kind` is where a shipped name in `extends` is looked for. References are left unresolved.
Document open_file(const std::string& path, const SchemaNode& schema, const Catalogue& catalogue,
                   const std::string& kind);
Document open_text(std::string_view text, const std::string& filename, const SchemaNode& schema,
                   const Catalogue& catalogue, const std::string& kind);
// A tree in hand (a study's inline base): its `extends` is followed.
Document open_value(const Value& value, const SchemaNode& schema, const Catalogue& catalogue,
                    const std::string& kind);

void assign(Document& document, const std::string& assignment, const SchemaNode& schema);

// Replaces every reference by the file it names, under the map written in its place.
void resolve(Document& document, const SchemaNode& schema, const Catalogue& catalogue);

// The usual order of all of the above.
template <class T>
Loaded<T> load(const Schema<T>& schema, const std::string& path, const Catalogue& catalogue,
               const std::string& kind, const std::vector<std::string>& assignments = {}) {
  Document d = open_file(path, schema.node(), catalogue, kind);
  for (const std::string& a : assignments) assign(d, a, schema.node());
  resolve(d, schema.node(), catalogue);
  return read(schema, d.root, std::move(d.problems));
}

}  // namespace fieldsim::config
