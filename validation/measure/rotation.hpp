#pragma once
// Input sets that a repeated kernel cycles through, so that it never finds its own inputs in L2:
// the sets together are at least five times the L2.
#include <cstddef>
#include <optional>

namespace fieldsim::measure {

inline constexpr std::size_t kL2Multiple = 5;

struct Rotation {
  std::size_t sets = 1;
  std::size_t stride = 0;  // bytes from one set to the next, a multiple of `alignment`
  std::size_t bytes() const { return sets * stride; }
  std::size_t offset(std::size_t run) const { return run % sets * stride; }
  bool cold =
      true;  // false: the arena holds fewer sets than five L2 need, results may be cache hits
};

// Nothing when not even one set fits.
std::optional<Rotation> plan_rotation(std::size_t set_bytes, std::size_t l2_bytes,
                                      std::size_t arena_bytes, std::size_t alignment = 4096);

}  // namespace fieldsim::measure
