#pragma once
// What is wrong with a boundary, whether its verification notices, and when the verdict is due: one
// pure function of (seed, place of the boundary, attempt), so that every policy meets the same
// faults.
#include <cstdint>
#include <map>

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
  bool anchor_only = false;  // ... and nothing but the anchor is wrong: a ledger may vouch for it
};

struct Ruling {
  bool fails = false;
  bool false_positive = false;
  bool missed = false;     // really wrong, and passed
  bool checked = false;    // takes a worker of the verifier
  Duration before, least;  // waits before the check; time after closing before which nothing passes
};

// Indexes what chance has to say about a place.
std::uint64_t draw(const Place& place);

class VerdictSource {
 public:
  VerdictSource(std::uint64_t seed, const Faults& faults, const verify::VerificationParams& params);

  // What a boundary lived through.
  struct Life {
    Duration generating;        // time spent on its tokens
    Duration anchored;          // since the session began, or its anchor was last replaced
    std::int64_t replicas = 0;  // replacements before
    std::int64_t tokens = 0;    // generated
    Bytes payload = {};         // recomputed where noise is looked for; FP16
  };
  Condition condition(const Place& place, const Life& life) const;
  Ruling rule(const Place& place, const Condition& condition) const;
  // The same with the ledger's answer in hand: a lie hides a falsified anchor, a revoked anchor or
  // contradicting replicas are a "no".
  static void hear(Ruling& ruling, const Condition& condition, bool lie, bool refused);

 private:
  double uniform(const RandomStream& stream, const Place& place) const;

  const Faults faults_;
  const verify::VerificationParams params_;
  double mismatch(Bytes payload) const;  // that noise changes the hash

  mutable std::map<std::int64_t, double> mismatches_;  // by elements: few distinct payloads
  RandomStream verdict_, tokens_, flips_, tampering_, use_, noise_draw_, audit_, notice_,
      challenge_;
};

}  // namespace fieldsim::recovery
