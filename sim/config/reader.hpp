#pragma once
// The walk behind read_into: recursion over the schema, not over the file, so its depth is the
// schema's.
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/config/provenance.hpp"
#include "sim/config/report.hpp"
#include "sim/config/schema_node.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

class Reader {
 public:
  Reader(const SchemaNode& root, Provenance& provenance, std::vector<Problem>& problems)
      : root_(root), provenance_(provenance), problems_(problems) {}

  // `where` is what a missing key is reported at: the section's own key.
  void section(const SchemaNode& node, const Value& value, void* object, const std::string& path,
               const Where& where, Sources sources);

 private:
  struct Place {
    const std::string& path;
    const Where& where;
    Sources sources;
    bool needs_source;
  };
  class SectionReport;

  void unknown_key(const SchemaNode& node, const Field& field, const std::string& path);
  void groups(const SchemaNode& node, const Value& value, void* object, const std::string& path,
              const Where& where);
  void field(const SchemaField& field, const Field* given, void* object, const std::string& path,
             const Where& where, Sources sources);
  void absent(const SchemaField& field, void* object, const Place& at);
  void node(const SchemaNode& node, const Value& value, void* member, const Place& at);
  void sourced(const SchemaNode& node, const Value& value, void* member, const Place& at);
  void bare(const SchemaNode& node, const Value& value, void* member, const Place& at,
            Origin origin);
  void list(const SchemaNode& node, const Value& value, void* member, const Place& at,
            const Origin& origin);
  void map_of(const SchemaNode& node, const Value& value, void* member, const Place& at);
  bool nothing(const SchemaNode& node, const Value& value, const Place& at);
  void count_items(const SchemaNode& node, std::size_t items, const Place& at);
  void problem(const Where& where, const std::string& path, std::string message,
               std::string nearest = "");

  const SchemaNode& root_;
  Provenance& provenance_;
  std::vector<Problem>& problems_;
  std::unordered_map<std::string, Where> given_;
};

}  // namespace fieldsim::config
