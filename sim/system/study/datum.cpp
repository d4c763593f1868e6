#include "sim/system/study/datum.hpp"

#include "sim/config/leaf.hpp"

namespace fieldsim::system {

using config::Dimension;

double counts_per_si(Dimension dimension) {
  switch (dimension) {
    case Dimension::time:
      return 1e12;  // counts ps
    case Dimension::power:
      return 1e3;  // counts mW
    case Dimension::energy:
      return 1e9;  // counts nJ
    case Dimension::arrival_rate:
      return 1e6;
    default:
      return 1.0;
  }
}

std::string unit_suffix(Dimension dimension) {
  switch (dimension) {
    case Dimension::time:
      return "_s";
    case Dimension::size:
      return "_bytes";
    case Dimension::bandwidth:
      return "_bytes_per_s";
    case Dimension::frequency:
      return "_hz";
    case Dimension::work:
      return "_flops";
    case Dimension::work_rate:
      return "_flops_per_s";
    case Dimension::power:
      return "_w";
    case Dimension::energy:
      return "_j";
    case Dimension::transfer_rate:
      return "_transfers_per_s";
    case Dimension::cycles:
      return "_cycles";
    case Dimension::arrival_rate:
      return "_per_s";
  }
  return "";
}

Datum datum(const config::SchemaNode& node, const config::Value& value) {
  if (value.is_null()) return {};
  if (!node.is_leaf() || node.kind == config::NodeKind::any)
    return value.is_scalar() ? value.text : config::flow_text(value);
  const config::LeafReading reading = config::read_leaf(node, value);
  if (const auto* n = std::get_if<std::int64_t>(&reading.value)) {
    if (node.kind == config::NodeKind::choice) return value.text;
    if (node.kind != config::NodeKind::quantity) return static_cast<double>(*n);
    return static_cast<double>(*n) / counts_per_si(node.dimension);
  }
  if (const auto* r = std::get_if<double>(&reading.value)) return *r;
  if (const auto* b = std::get_if<bool>(&reading.value)) return *b;
  if (node.kind == config::NodeKind::path || node.kind == config::NodeKind::text) return value.text;
  return {};
}

}  // namespace fieldsim::system
