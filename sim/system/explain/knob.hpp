#pragma once
// One number of a scenario by its key path, and the --set that changes it.
#include <optional>
#include <string>

#include "sim/config/schema_node.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system::explain {

class Knob {
 public:
  // Nothing for a path that has no number in this scenario.
  static std::optional<Knob> find(const Scenario& scenario, const std::string& path);

  const std::string& path() const { return path_; }
  std::int64_t value() const { return value_; }  // in the unit's integer
  bool is_count() const { return node_.kind == config::NodeKind::count; }
  std::string text() const { return text_of(value_); }  // as it would be written

  // The nearest legal value to `factor` times this one; nothing when that is no other value.
  struct Turned {
    std::string assignment;  // path=value
    double factor = 1;       // in fact, after rounding
  };
  std::optional<Turned> turned(double factor) const;
  // A count moved by whole steps.
  std::optional<Turned> moved(std::int64_t steps) const;

 private:
  std::optional<Turned> to(std::int64_t value) const;
  std::string text_of(std::int64_t value) const;

  std::string path_;
  config::SchemaNode node_;
  std::int64_t value_ = 0;
};

}  // namespace fieldsim::system::explain
