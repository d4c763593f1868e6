#pragma once
// What is wrong with each boundary of a session, drawn from `faults`. A draw belongs to (boundary,
// verdicts given there so far), so a synchronous and an asynchronous run of one seed meet the same
// faults; what strikes the anchor in device memory strikes the session, at a time of its own.
#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/recovery/commit_log.hpp"
#include "sim/recovery/faults.hpp"

namespace fieldsim::recovery {

class Corruption {
 public:
  enum class Scope {
    boundary,  // a verdict looks at each boundary's work
    resident,  // only the bytes in device memory are ever looked at (on_load): flips stay there
    enclave,   // nothing outside can change the bytes; flips and noise are not looked for
  };
  Corruption(std::uint64_t seed, const Faults& faults, Scope scope);

  // Decides what will befall a boundary that begins.
  void begin(Boundary& boundary);
  // Its newest token took `spent` to generate: marks the boundary where the token is bad.
  void token(Boundary& boundary, Duration spent);

  // From now on each boundary is looked at.
  void look_at_boundaries() { scope_ = Scope::boundary; }

  // Whether a look at the boundary's work, or at the bytes it used, finds them wrong. A ledger that
  // lies vouches for a falsified anchor.
  static bool noticeable(const Boundary& boundary, bool ledger_lies);
  // Whether noise alone makes its verdict "no", which happens with this probability.
  bool false_alarm(const Boundary& boundary, double probability) const;

  // The anchor as it lies in device memory.
  bool resident_bad(bool ledger_lies) const {
    return altered_ || altered_unseen_ || (falsified_ && !ledger_lies);
  }
  void repaired() { altered_ = altered_unseen_ = false; }  // written anew from the same replica
  void refetched();                                        // from another replica

  // A load from the replica fails its check: the draws of `verdict_failure` without a boundary.
  bool load_fails(std::uint64_t load) const;

  // Indexes the draws of one boundary.
  static std::uint64_t draw(const Boundary& boundary);

 private:
  Faults faults_;
  Scope scope_;
  RandomStream verdicts_, tokens_, flips_, tampering_, time_of_use_, noise_;
  Duration until_tampering_;     // of generating
  bool altered_ = false;         // flipped or changed in place, since
  bool altered_unseen_ = false;  // the same, after the last look at it
  bool falsified_ = false;       // the replica's content itself
};

}  // namespace fieldsim::recovery
