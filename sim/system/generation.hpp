#pragma once
// The session: prefill, decode step by step, commit boundaries, verdicts, rollback. One coroutine
// generates; under optimistic timing one more for each boundary waits for its verdict.
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/timer.hpp"
#include "sim/des/window.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/recovery/commit_log.hpp"
#include "sim/system/anchors.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"
#include "sim/system/scenario.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::system {

// What the session saw; simulate() turns it into a Result.
struct SessionLog {
  Time anchors_ready;  // retrieved, verified and promoted; the prefill begins
  Time decode_began;   // prefill done, anchors loaded
  Time decode_ended;   // the last kept token generated (and checked, if waited for)
  Time drained;        // the last verdict
  Snapshot at_decode;  // shared parts when decode began
  Duration verifier_at_decode, ledger_at_decode;  // busy so far
  std::vector<Time> token_at;                     // of each kept token
  std::vector<Duration>
      output_commit;          // of each boundary's newest and oldest token, generated to released
  hardware::Account anchors;  // of the prefill's, until they were ready
  hardware::Account prefill, decode;  // critical path
  StepTotals prefill_totals, decode_totals;
  hardware::Account checks;  // all checks, by stage
  std::vector<Duration> check_latency, check_service;
  Bytes payload;
  std::int64_t boundaries = 0, verdicts = 0, failures = 0, rollbacks = 0, discarded_tokens = 0;
  std::int64_t exposure_max = 0, window_max = 0;
  long double exposure_token_ps = 0;  // integral of unverified tokens over time
  Bytes workspace;
  bool aborted = false;
};

class Session {
 public:
  Session(Machine& machine, const Scenario& scenario, ProgramBuilder& programs);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  des::Process run();
  const SessionLog& log() const { return out_; }
  const verify::Verifier& verifier() const { return verifier_; }
  const std::optional<AnchorPath>& anchors() const { return anchors_; }

 private:
  using Account = hardware::Account;

  des::Task<> load_anchor();
  des::Task<> acquire_anchors();
  void note_anchor_check(const verify::Check& check);
  des::Task<> prefill();
  des::Task<bool> step(Account& spent);
  des::Task<> generate_boundary();
  des::Task<> settle_boundary(recovery::BoundaryPtr boundary);
  des::Task<> repair();
  des::Task<> drain();
  des::Process check(recovery::BoundaryPtr boundary);

  bool passes(const recovery::Boundary& boundary) const;
  void give_up();
  void judge(recovery::Boundary& boundary);
  void note_verdict(const recovery::Boundary& boundary);
  void commit(recovery::Boundary& boundary);
  void discard(recovery::Boundary& boundary);
  void note_exposure();
  bool optimistic() const { return s_.verification.timing == verify::Timing::optimistic; }
  bool done() const { return log_.tokens() >= s_.workload.output_tokens; }
  bool rolling_back() const { return rollback_pending_; }
  void end_decode();
  void log_program(const char* what, Time began);
  void draw_window();
  void draw_rollback(Time began);
  void draw_boundary(recovery::Boundary& boundary);
  void draw_verdict(const recovery::Boundary& boundary, const char* verdict);

  Machine& m_;
  const Scenario& s_;
  ProgramBuilder& programs_;
  hardware::gpu::Stream prefill_stream_;  // launched by the host
  hardware::gpu::Stream stream_;
  verify::Verifier verifier_;
  std::optional<AnchorPath> anchors_;  // where the scenario gives their life
  RandomStream verdicts_;
  recovery::CommitLog log_;
  des::Window window_;
  des::Timer timer_;
  des::Gate verdict_arrived_;
  bool rollback_pending_ = false;
  Time exposure_since_;
  Duration drain_wait_;  // spent waiting for verdicts with nothing left to generate
  std::uint64_t next_flow_ = 1;
  std::vector<std::uint64_t> flows_to_rollback_;
  des::TrackId boundary_track_, verdict_track_, step_track_;
  // The task log: where this process stands, and what made others go on.
  hardware::Trail trail_;
  hardware::Split work_;  // of the program that runs
  hardware::Places boundary_places_;
  hardware::TaskLog::Id rollback_by_ = hardware::TaskLog::kNone;
  hardware::TaskLog::Id commit_by_ = hardware::TaskLog::kNone;
  SessionLog out_;
};

}  // namespace fieldsim::system
