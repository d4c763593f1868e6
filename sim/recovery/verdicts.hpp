#pragma once
// What is wrong with a boundary, whether its verification notices, and when the verdict is due: one
// pure function of (seed, place of the boundary, attempt), so that every policy meets the same
// faults.
#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/recovery/faults.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::recovery {

// Where a boundary begins: faults belong to the place, not to how boundaries are numbered.
struct Place {
  std::int64_t agent = 0;
  std::int64_t step = 0;
  std::int64_t token = 0;    // of the step
  std::int64_t attempt = 0;  // verdicts that failed there before
};

struct Condition {
  bool bad = false;     // the state is really wrong
  bool unseen = false;  // ... but was right when it was checked (time of check to time of use)
  bool noise = false;   // the hash differs although the state is right
  bool persistent = false;
};

struct Ruling {
  bool fails = false;
  bool false_positive = false;
  bool missed = false;     // really wrong, and passed
  bool checked = false;    // takes a worker of the verifier
  Duration before, least;  // waits before the check; time after closing before which nothing passes
  double slow = 1;         // the check takes so many times as long
};

class VerdictSource {
 public:
  VerdictSource(std::uint64_t seed, const Faults& faults, const verify::VerificationParams& params);

  // `generating`: time spent on the boundary's tokens; `exposed`: since the session began, or since
  // its anchor was last replaced.
  Condition condition(const Place& place, Duration generating, Duration exposed,
                      std::int64_t replicas) const;
  Ruling rule(const Place& place, const Condition& condition) const;

 private:
  double uniform(const RandomStream& stream, const Place& place) const;

  const Faults faults_;
  const verify::VerificationParams params_;
  double noise_ = 0;  // probability that a divergent recomputation changes the hash
  RandomStream verdict_, flips_, tampering_, use_, noise_draw_, audit_, notice_, challenge_, slow_;
};

}  // namespace fieldsim::recovery
