#pragma once
// The session: prefill, decode step by step, commit boundaries, verdicts, rollback. One coroutine
// generates; behind it one more for each boundary that waits for its verdict, and one for each
// source of trouble that keeps its own time (crashes, re-hashing).
//
// generation.cpp          boundaries
// generation_step.cpp     prefill and decode steps
// generation_anchors.cpp  the anchors' life before the prefill
// generation_load.cpp     the anchor's checks: at load, after its time to live, re-hashing; the
// enclave generation_verdict.cpp  what each timing does with a closed boundary, and with its
// verdict generation_repair.cpp   rollback, retries, checkpoints, crashes generation_trace.cpp what
// it shows of itself
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/timer.hpp"
#include "sim/des/window.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/recovery/boundary_rule.hpp"
#include "sim/recovery/commit_log.hpp"
#include "sim/recovery/corruption.hpp"
#include "sim/system/anchors.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"
#include "sim/system/scenario.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/system/session_log.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::system {

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
  using Timing = verify::Timing;
  // What generation does with a closed boundary.
  enum class Settling { at_once, waits, behind };

  // generation.cpp, generation_step.cpp
  des::Task<> prefill();
  des::Task<bool> step(Account& spent);
  des::Task<bool> prove(Duration step, Account& spent);
  des::Task<bool> open_window(bool takes_place);
  des::Task<> generate_boundary();
  void keep_token(recovery::Boundary& boundary, const Account& spent);
  void drop_step(const Account& spent, bool whole);
  bool keeps_open(const recovery::Boundary& boundary) const;
  recovery::Work work_of(const Account& spent, bool whole) const;
  des::Task<> drain();
  void give_up();
  void finish();
  void note_exposure();

  // generation_anchors.cpp
  des::Task<> acquire_anchors();
  void note_anchor_check(const verify::Check& check);

  // generation_load.cpp
  des::Task<> load_anchor(Account& spent);
  des::Task<bool> anchor_fails(Account& spent);
  des::Task<> meet_digest(recovery::Boundary& boundary);
  des::Task<> renew_anchor(Account& spent);
  des::Process rehash();
  void judge_rehash(const recovery::Boundary& probe, bool bad);
  des::Task<> attest();
  des::Task<> leave_enclave(recovery::Boundary& boundary);

  // generation_verdict.cpp
  des::Task<> settle_boundary(recovery::BoundaryPtr boundary);
  des::Process check(recovery::BoundaryPtr boundary);
  des::Process challenge(recovery::BoundaryPtr boundary);
  des::Task<> wait_for_verdict(recovery::BoundaryPtr boundary);
  bool passes(recovery::Boundary& boundary);
  void judge(recovery::Boundary& boundary);
  void pass_unseen(recovery::Boundary& boundary);
  void wake();
  void note_verdict(const recovery::Boundary& boundary);
  void commit(recovery::Boundary& boundary);
  void fail(recovery::Boundary& boundary);
  void keep_what_is_good(recovery::Boundary& boundary);
  void degrade();

  // generation_repair.cpp
  void roll_back(recovery::Boundary& boundary);
  void count_discarded(const std::vector<recovery::BoundaryPtr>& lost, recovery::Boundary& by);
  void pend_rollback(recovery::Boundary& by);
  void give_place(const recovery::Boundary& boundary, recovery::Boundary& by);
  des::Task<> repair();
  void book_repair(Time began);
  des::Task<> recompute(std::int64_t tokens);
  des::Task<> restart();
  des::Process crashes();
  des::Task<bool> checkpoint(recovery::Boundary& boundary);
  des::Process copy_checkpoint(recovery::BoundaryPtr boundary, Bytes bytes);
  des::Process compensate(recovery::BoundaryPtr boundary);
  recovery::Context context() const;
  void note_retained();
  bool has_room() const;
  bool restores_from_host() const;

  Timing timing() const { return degraded_ ? Timing::pessimistic : s_.verification.timing; }
  Settling settling() const;
  bool windowed() const { return settling() == Settling::behind && timing() != Timing::on_load; }
  bool done() const { return log_.tokens() >= s_.workload.output_tokens; }
  bool interrupted() const { return rollback_pending_ || crash_pending_; }

  void end_decode();
  void stamp_token();
  void log_repair(const char* what, Time began);
  void log_program(const char* what, Time began);
  void draw_window();
  void draw_repair(const char* what, Time began);
  void draw_boundary(recovery::Boundary& boundary);
  void draw_verdict(const recovery::Boundary& boundary, const char* verdict);
  void draw_undone(const std::vector<recovery::BoundaryPtr>& lost);
  void draw_on(const char* row, const std::string& what, Time began);

  Machine& m_;
  const Scenario& s_;
  ProgramBuilder& programs_;
  hardware::gpu::Stream prefill_stream_;  // launched by the host
  hardware::gpu::Stream stream_;
  verify::Verifier verifier_;
  CheckPlanner planner_;
  std::optional<AnchorPath> anchors_;  // where the scenario gives their life
  recovery::Corruption corruption_;
  recovery::BoundaryRule rule_;
  RandomStream audits_, challenges_, compensations_, crashes_;
  recovery::CommitLog log_;
  des::Window window_;
  des::Timer timer_;
  des::Gate verdict_arrived_;
  std::optional<Bytes> device_room_;  // for copies, where device memory limits them
  bool degraded_ = false;

  // The repair that waits to be done.
  bool rollback_pending_ = false;
  std::int64_t failed_before_ = 0;   // verdicts of the boundary to be tried again
  std::int64_t kept_of_failed_ = 0;  // its tokens that stay
  bool revoked_ = false;             // by an anchor that must be replaced
  bool refetch_ = false;

  des::Timer crash_timer_, rehash_timer_;
  des::Gate restarted_;
  bool crash_pending_ = false;
  std::int64_t crashes_in_a_row_ = 0;
  std::uint64_t loads_ = 0;
  Time loaded_at_;
  bool over_ = false;

  Account kept_;  // critical path of the committed boundaries
  Time exposure_since_;
  Duration drain_wait_;  // spent waiting for verdicts with nothing left to generate
  std::uint64_t next_flow_ = 1;
  std::vector<std::uint64_t> flows_to_rollback_;
  des::TrackId boundary_track_, verdict_track_, step_track_;
  // The task log: where this process stands, and what made others go on.
  hardware::Trail trail_;
  hardware::Split work_;  // of the program that runs
  hardware::Places boundary_places_;
  std::int64_t drawn_undone_ = 0;  // tokens before this one were generated and taken back
  hardware::TaskLog::Id rollback_by_ = hardware::TaskLog::kNone;
  hardware::TaskLog::Id commit_by_ = hardware::TaskLog::kNone;
  SessionLog out_;
};

}  // namespace fieldsim::system
