#pragma once
// Counter-based random streams: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC'11). A draw is a pure function of (seed, name of the stream, index), so streams are
// independent of each other and of the order in which components are built or run.
#include <array>
#include <cstdint>
#include <string_view>

#include "sim/base/units.hpp"

namespace fieldsim {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

// The ten-round bijection itself; the known-answer vectors of Random123 hold for it.
PhiloxBlock philox4x32(PhiloxBlock counter, PhiloxKey key);

// 64-bit hash of a name, the same on every machine and in every build.
std::uint64_t name_hash(std::string_view name);

// Natural logarithm from IEEE operations only, within 2 ulp: libm picks another code path on
// another CPU, and one last bit would change every event after it. REQUIRES: x > 0, finite and
// normal.
double portable_log(double x);

// One component's random numbers. `next_*` walk the stream; `*_at(index)` read it at a place
// without moving, so that "the verdict on boundary 17" does not depend on who asked before.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);

  std::uint64_t next_u64();
  double uniform();                     // in the open interval (0, 1)
  double exponential(double mean);      // in the unit of the mean, > 0
  Duration exponential(Duration mean);  // rounded to the nearest ps
  bool bernoulli(double probability);
  std::uint64_t below(std::uint64_t bound);  // in [0, bound); bias < bound / 2^64

  std::uint64_t at(std::uint64_t index) const;  // what the index-th next_u64() returns
  double uniform_at(std::uint64_t index) const;
  double exponential_at(std::uint64_t index, double mean) const;
  bool bernoulli_at(std::uint64_t index, double probability) const;

  std::uint64_t position() const { return index_; }  // draws taken so far

 private:
  std::array<std::uint64_t, 2> block(std::uint64_t number) const;

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t index_ = 0;
  std::uint64_t second_ = 0;  // the other half of the block last computed
};

}  // namespace fieldsim
