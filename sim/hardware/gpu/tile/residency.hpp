#pragma once
// How many CTAs of a kernel share an SM: the least of what registers, shared memory, warps and the
// hardware's CTA slots allow (CUDA C++ Programming Guide, occupancy). A CTA that does not fit once
// is an error that says by how much.
#include <string>

#include "sim/base/units.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::hardware::tile {

struct CtaResources {
  std::int64_t threads = 0;
  std::int64_t registers = 0;  // per thread
  Bytes shared_memory;         // static and dynamic
};

enum class Limit { shared_memory, registers, warps, slots };
const char* name(Limit limit);

struct Residency {
  std::int64_t ctas = 0;  // per SM; 0: the CTA does not fit
  Limit limit = Limit::slots;
  Bytes over;  // shared memory that one CTA asks for beyond the limit of a CTA
};

Residency residency(const SmParams& sm, const CtaResources& cta);

}  // namespace fieldsim::hardware::tile
