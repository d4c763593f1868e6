#include "sim/system/explain/knob.hpp"

#include <cmath>
#include <memory>

#include "sim/config/paths.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::system::explain {

using config::NodeKind;
using config::SchemaNode;

std::optional<Knob> Knob::find(const Scenario& scenario, const std::string& path) {
  static const config::Schema<Scenario> schema = scenario_schema();
  const SchemaNode* node = &schema.node();
  const void* at = &scenario;
  for (const std::string& key : config::split_path(path)) {
    const config::SchemaField* field = node->find(key);
    if (field == nullptr) return std::nullopt;
    at = field->look(at);
    node = field->node.get();
    if (at == nullptr) return std::nullopt;
  }
  if (node->kind != NodeKind::quantity && node->kind != NodeKind::count) return std::nullopt;
  const config::Scalar scalar = node->load(at);
  const auto* value = std::get_if<std::int64_t>(&scalar);
  if (value == nullptr || *value <= 0) return std::nullopt;
  Knob k;
  k.path_ = path;
  k.node_ = *node;
  k.value_ = *value;
  return k;
}

std::string Knob::text_of(std::int64_t value) const {
  return is_count() ? std::to_string(value) : config::to_string(node_.dimension, value);
}

std::optional<Knob::Turned> Knob::to(std::int64_t value) const {
  if (value == value_ || !config::in_range(node_, value)) return std::nullopt;
  return Turned{path_ + "=" + text_of(value),
                static_cast<double>(value) / static_cast<double>(value_)};
}

std::optional<Knob::Turned> Knob::turned(double factor) const {
  constexpr double kMost = 9e18;  // below 2^63
  const double wanted = static_cast<double>(value_) * factor;
  if (wanted > kMost || wanted < 1) return std::nullopt;
  return to(std::llround(wanted));
}

std::optional<Knob::Turned> Knob::moved(std::int64_t steps) const {
  if (value_ + steps < 1) return std::nullopt;
  return to(value_ + steps);
}

}  // namespace fieldsim::system::explain
