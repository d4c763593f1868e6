#include "sim/config/schema.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::config {

SchemaBuilder::SchemaBuilder(std::string name, std::string doc)
    : node_(std::make_shared<SchemaNode>()) {
  node_->kind = NodeKind::section;
  node_->name = std::move(name);
  node_->doc = std::move(doc);
}

void SchemaBuilder::add(SchemaField field) {
  SIM_CHECK(!field.name.empty() && field.name.find('.') == std::string::npos,
            "a key is a word without dots: '" + field.name + "' in section " + node_->name);
  SIM_CHECK(node_->find(field.name) == nullptr,
            "field '" + field.name + "' is declared twice in section " + node_->name);
  node_->fields.push_back(std::move(field));
}

namespace {
SchemaField& last(SchemaNode& node) {
  SIM_CHECK(!node.fields.empty(), "no field is declared yet in section " + node.name);
  return node.fields.back();
}

// A range in the wrong unit would silently accept everything or nothing.
Scalar bound_for(const SchemaNode& node, const std::string& name, const Bound& bound) {
  const bool quantity = node.kind == NodeKind::quantity;
  SIM_CHECK(node.is_number(), "only a number has a range: " + name);
  SIM_CHECK(
      quantity == bound.dimension.has_value() && (!quantity || node.dimension == *bound.dimension),
      "the range of '" + name + "' is not in its unit");
  if (node.kind != NodeKind::ratio) {
    SIM_CHECK(std::holds_alternative<std::int64_t>(bound.value),
              "a whole range is needed: " + name);
    return bound.value;
  }
  if (const auto* whole = std::get_if<std::int64_t>(&bound.value))
    return static_cast<double>(*whole);
  return bound.value;
}
}  // namespace

void SchemaBuilder::last_range(std::optional<Bound> low, std::optional<Bound> high) {
  const SchemaField& f = last(*node_);
  SchemaNode& node = f.node->element ? *f.node->element : *f.node;
  if (low) node.low = bound_for(node, f.name, *low);
  if (high) node.high = bound_for(node, f.name, *high);
}

void SchemaBuilder::last_items(std::int64_t low, std::int64_t high) {
  const SchemaField& f = last(*node_);
  SIM_CHECK(f.node->element != nullptr, "only a list or a map has items: " + f.name);
  f.node->min_items = low;
  f.node->max_items = high;
}

void SchemaBuilder::last_unit(std::string unit) {
  const SchemaField& f = last(*node_);
  SchemaNode& node = f.node->element ? *f.node->element : *f.node;
  SIM_CHECK(node.kind == NodeKind::count, "only a count counts something: " + f.name);
  node.unit = std::move(unit);
}

void SchemaBuilder::last_required() { last(*node_).required = true; }
void SchemaBuilder::last_needs_no_source() { last(*node_).needs_source = false; }

void SchemaBuilder::set_shorthand(const std::string& name) {
  const SchemaField* f = node_->find(name);
  SIM_CHECK(f != nullptr && f->node->is_leaf(), "shorthand of no such leaf: " + name);
  node_->shorthand = name;
}

void SchemaBuilder::add_group(std::vector<std::string> names, bool one_needed) {
  for (const std::string& name : names)
    SIM_CHECK(node_->find(name) != nullptr, "group of no such field: " + name);
  node_->groups.push_back({std::move(names), one_needed});
}

}  // namespace fieldsim::config
