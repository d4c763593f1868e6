#include "validation/measure/rotation.hpp"

#include <algorithm>

namespace fieldsim::measure {

std::optional<Rotation> plan_rotation(std::size_t set_bytes, std::size_t l2_bytes,
                                      std::size_t arena_bytes, std::size_t alignment) {
  if (set_bytes == 0 || alignment == 0) return std::nullopt;
  Rotation r;
  r.stride = (set_bytes + alignment - 1) / alignment * alignment;
  if (r.stride > arena_bytes) return std::nullopt;
  // Before a set comes round again, the others must have pushed five L2 of data through.
  const std::size_t needed = kL2Multiple * l2_bytes;
  const std::size_t wanted = set_bytes >= needed ? 1 : (needed + set_bytes - 1) / set_bytes + 1;
  r.sets = std::min(wanted, arena_bytes / r.stride);
  r.cold = r.sets == wanted;
  return r;
}

}  // namespace fieldsim::measure
