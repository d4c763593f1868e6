#include "sim/base/units.hpp"

#include <stdexcept>

namespace fieldsim::detail {

void quantity_overflow() {
  throw std::overflow_error(
      "a quantity left the range of 64 bits (time counts in ps, up to 106 days)");
}

void quantity_division_by_zero() { throw std::domain_error("a quantity was divided by zero"); }

}  // namespace fieldsim::detail
