#pragma once
// When a commit boundary closes: the rules of `verification.boundary`, those with random lengths
// and those that learn from what has failed so far.
#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/recovery/commit_log.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::recovery {

// Whether a boundary closes after its newest token, by the rules that need neither chance nor
// history. `kv_bytes` is what one token of the whole batch adds to the cache.
bool closes(const verify::BoundaryParams& params, const Boundary& boundary, Time now,
            Bytes kv_bytes);

// sqrt(C / lambda) for errors found at the boundary (Benoit, Cavelan, Robert & Sun 2016: a silent
// error wastes the whole interval), sqrt(2 C / lambda) for fail-stop ones, which waste half of it
// (Young 1974).
double young_interval(double cost, double silent_rate, double fail_stop_rate);

class BoundaryRule {
 public:
  BoundaryRule(std::uint64_t seed, const verify::BoundaryParams& params);

  void begin(Boundary& boundary);
  bool closes(const Boundary& boundary, Time now, Bytes kv_bytes) const;

  // What the adaptive rule learns from: time spent generating, and failures in it.
  void generated(Duration spent) { generated_ += spent; }
  void failed_verdict() { ++silent_; }
  void crashed() { ++fail_stop_; }

  // Of the adaptive rule, as of now: the hazard counts the prior as one failure in its mean time.
  Duration interval() const;

 private:
  bool adaptive_closes(const Boundary& boundary) const;

  verify::BoundaryParams params_;
  RandomStream semantic_, effects_;
  Duration generated_;
  std::int64_t silent_ = 0, fail_stop_ = 0;
};

}  // namespace fieldsim::recovery
