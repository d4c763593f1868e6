// The real clock, alone in its file: the tests' executable links another in its place.
#include <chrono>

#include "validation/measure/budget.hpp"

namespace fieldsim::measure {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace fieldsim::measure
