#pragma once
// Generation counted as work, in tokens, bytes and joules: what was generated is committed,
// discarded or in flight at every moment (invariant I7).
#include <cstdint>

#include "sim/base/units.hpp"

namespace fieldsim::recovery {

struct Work {
  std::int64_t tokens = 0;  // of each sequence
  Bytes bytes;              // device-memory traffic of whole steps; none of a pinned step
  Energy energy;            // of the device while it generates, cut steps included
  Work& operator+=(const Work& o) {
    tokens += o.tokens;
    bytes += o.bytes;
    energy += o.energy;
    return *this;
  }
  Work& operator-=(const Work& o) {
    tokens -= o.tokens;
    bytes -= o.bytes;
    energy -= o.energy;
    return *this;
  }
  friend Work operator+(Work a, const Work& b) { return a += b; }
  friend bool operator==(const Work&, const Work&) = default;
};

}  // namespace fieldsim::recovery
