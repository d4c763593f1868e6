#pragma once
// What a verification scheme and a noise mitigation cost in this scenario: overhead of a step, what
// a boundary's check has to do, what is kept, how often noise alone refuses it.
#include <cstdint>

#include "sim/hardware/account.hpp"
#include "sim/system/program.hpp"
#include "sim/system/scenario.hpp"
#include "sim/verify/noise.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::system {

// The prover's time behind one decode step of length `step`; `last` adds finalisation.
Duration evidence_time(const Scenario& scenario, Duration step, bool last);

// Fills what the check of `tokens` tokens of each sequence, behind `before` others, works on.
class CheckPlanner {
 public:
  explicit CheckPlanner(const Scenario& scenario) : s_(scenario), programs_(scenario) {}
  void plan(verify::Check& check, std::int64_t before, std::int64_t tokens);

 private:
  const Scenario& s_;
  ProgramBuilder programs_;  // its own: generation's program is in use
};

// The same check on machines that nothing else uses.
hardware::Account judge_time(const Scenario& scenario, const verify::Check& check);

// Kept by the prover for its audit window, whole run.
Bytes retained_evidence(const Scenario& scenario);

// An enclave's numbers go where timing attested_tee reads them; its overhead of a step is the
// scheme's own.
void adopt_enclave(Scenario& scenario);

// Noise of a boundary of so many tokens under verification.noise_mitigation.
verify::Mitigated noise(const Scenario& scenario, std::int64_t tokens);

}  // namespace fieldsim::system
