#pragma once
// Every unit that is understood: its dimension and how many base units it is, as a fraction.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/config/quantity.hpp"

namespace fieldsim::config {

struct Unit {
  std::string_view name;
  Dimension dimension;
  std::int64_t numerator;
  std::int64_t denominator = 1;
  bool printed = true;  // to_string may use it; otherwise it is only understood
};

struct DimensionInfo {
  std::string_view name;     // "a bandwidth"
  std::string_view example;  // "2.039 TB/s"
  std::string_view base;     // the unit of one count: "1 B/s"
};

std::span<const Unit> units();
const Unit* find_unit(std::string_view name);
const DimensionInfo& info(Dimension dimension);

// For a unit that does not exist or is of another dimension: why, and what was probably meant.
struct UnitHint {
  std::string note;
  std::string nearest;
};
UnitHint unit_hint(std::string_view unit, Dimension wanted);

}  // namespace fieldsim::config
