#pragma once
// A decimal number as written, exactly: digits x 10^exponent.
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/units.hpp"

namespace fieldsim::config {

struct Decimal {
  int128 digits = 0;  // below 10^20; no trailing zero unless zero
  int exponent = 0;
  bool negative = false;
  bool has_point = false;
  bool has_exponent = false;
};

struct DecimalScan {
  std::optional<Decimal> value;
  std::string_view rest;  // what follows the number, without leading spaces
  std::string error;      // why there is no value
};

// Reads -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? from the front of the text.
DecimalScan scan_decimal(std::string_view text);

// digits x 10^exponent x numerator / denominator when it is a whole number; when it is too fine,
// the nearest one to its magnitude.
struct Scaled {
  enum class Outcome { exact, too_fine, too_large } outcome = Outcome::exact;
  std::int64_t value = 0;
};
Scaled scale(const Decimal& d, std::int64_t numerator, std::int64_t denominator);

}  // namespace fieldsim::config
