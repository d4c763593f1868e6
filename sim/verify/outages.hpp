#pragma once
// A part that is up for an exponential time, down for a while, and up again: partitions of the
// ledger, crashes of the verifier. Drawn as far as somebody asks, so that nothing needs an event.
#include <cstdint>
#include <string_view>

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"

namespace fieldsim::verify {

// An exponential time, at most a fortnight: what is longer does not happen in a run.
Duration exponential_time(double uniform, Duration mean);

class Outages {
 public:
  enum class Length { constant, exponential };
  Outages(std::uint64_t seed, std::string_view name, Duration every, Duration lasts, Length length);

  // REQUIRES of all: `now` does not decrease from call to call.
  bool down(Time now) { return advance(now), begin_ <= now; }
  // The end of the outage at `now`. REQUIRES: down(now).
  Time up_again() const { return end_; }
  // Whether an outage began after `from` and until `now`.
  bool began_within(Time from, Time now);
  std::int64_t begun(Time now) { return advance(now), begin_ <= now ? count_ : count_ - 1; }

 private:
  void advance(Time now);

  RandomStream random_;
  Duration every_, lasts_;
  Length length_;
  Time begin_, end_;  // of the outage at or after the last `now`
  Time last_began_;
  std::int64_t count_ = 0;
};

}  // namespace fieldsim::verify
