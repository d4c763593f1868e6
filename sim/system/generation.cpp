#include "sim/system/generation.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/des/trace.hpp"
#include "sim/system/memory.hpp"
#include "sim/system/tile_program.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::Limiter;
using hardware::TaskLog;
using recovery::Boundary;
using recovery::BoundaryPtr;
using recovery::Corruption;
using verify::Timing;

namespace {

Corruption::Scope scope(Timing timing) {
  switch (timing) {
    case Timing::none:
    case Timing::on_load:
      return Corruption::Scope::resident;
    case Timing::attested_tee:
      return Corruption::Scope::enclave;
    default:
      return Corruption::Scope::boundary;
  }
}

// Device memory that full copies may take, where the run itself fits.
std::optional<Bytes> room_for_copies(const Scenario& s, const ProgramBuilder& programs) {
  if (s.recovery.checkpoint != recovery::Checkpoint::full_copy_device) return {};
  const MemoryUse use = memory_use(s, programs, {}, Bytes::zero());
  if (!use.fits) return {};
  return use.capacity - use.total;
}

verify::VerifierFaults verifier_faults(const Scenario& s) {
  verify::VerifierFaults f{s.faults.ledger, s.faults.verifier_crash, s.faults.slow_verifier};
  if (s.anchors) f.ledger.revoked_every.reset();  // each anchor has its own there
  return f;
}

}  // namespace

Session::Session(Machine& machine, const Scenario& scenario, ProgramBuilder& programs)
    : m_(machine),
      s_(scenario),
      programs_(programs),
      prefill_stream_(machine.device, "prefill",
                      {.gap = launch_gap(scenario, LaunchMode::eager),
                       .fast_forward = scenario.simulation.fast_forward}),
      stream_(machine.device, "generation",
              {.gap = launch_gap(scenario, scenario.workload.launch),
               .launched_by =
                   scenario.workload.launch == LaunchMode::graph ? Limiter::graph : Limiter::launch,
               .fast_forward = scenario.simulation.fast_forward}),
      verifier_({machine.engine, machine.device, machine.link, machine.host}, scenario.verification,
                scenario.hardware.gpu.launch.eager, scenario.simulation.fast_forward,
                verifier_faults(scenario)),
      planner_(scenario),
      corruption_(machine.engine.seed(), scenario.faults, scope(scenario.verification.timing)),
      rule_(machine.engine.seed(), scenario.verification.boundary),
      audits_(machine.engine.random("verify.audit")),
      challenges_(machine.engine.random("verify.challenge")),
      compensations_(machine.engine.random("recovery.compensation")),
      crashes_(machine.engine.random("faults.device_crash")),
      log_(scenario.verification.timing == Timing::optimistic_verified_prefix),
      window_(machine.engine, scenario.verification.window),
      timer_(machine.engine),
      verdict_arrived_(machine.engine),
      crash_timer_(machine.engine, "device.crash"),
      rehash_timer_(machine.engine, "verify.rehash"),
      restarted_(machine.engine),
      trail_(machine.tasks),
      boundary_places_(scenario.verification.window) {
  if (trail_) prefill_stream_.split_into(&work_);
  if (trail_) stream_.split_into(&work_);
  if (s_.fidelity == Fidelity::tile)
    verifier_.quantize_with(
        [kernels = TileKernels(s_)](Bytes payload) { return kernels.quantize(payload); });
  if (s_.anchors)
    anchors_.emplace(m_, s_, verifier_, [this](const verify::Check& c) { note_anchor_check(c); });
  device_room_ = room_for_copies(scenario, programs);
  out_.token_at.reserve(static_cast<std::size_t>(s_.workload.output_tokens));
  if (auto* trace = machine.engine.trace()) {
    boundary_track_ = trace->track("session", "boundaries");
    verdict_track_ = trace->track("session", "verdicts");
    step_track_ = trace->track("gpu", "generation");
  }
}

des::Process Session::run() {
  des::Engine& engine = m_.engine;
  if (anchors_)
    co_await acquire_anchors();
  else if (timing() == Timing::on_load)
    co_await load_anchor(out_.prefill);
  if (timing() == Timing::attested_tee) co_await attest();
  if (!out_.aborted) co_await prefill();
  out_.decode_began = exposure_since_ = engine.now();
  trail_.mark(TaskLog::Mark::decode_began);
  out_.at_decode = snapshot(m_);
  out_.verifier_at_decode = verifier_.busy();
  out_.ledger_at_decode = verifier_.ledger().busy();
  if (s_.faults.device_crash) engine.spawn(crashes(), "device.crash");
  if (timing() == Timing::on_load && s_.verification.on_load.rehash)
    engine.spawn(rehash(), "session.rehash");
  while (!out_.aborted && (rollback_pending_ || !done() || !log_.empty())) {
    if (crash_pending_)
      co_await restart();
    else if (rollback_pending_)
      co_await repair();
    else if (!done())
      co_await generate_boundary();
    else
      co_await drain();
  }
  finish();
}

void Session::finish() {
  if (rollback_pending_ || !flows_to_rollback_.empty()) draw_repair("rollback", m_.engine.now());
  if (out_.aborted) give_up();
  out_.decode += kept_;
  note_exposure();
  trail_.join(commit_by_);
  if (out_.aborted) trail_.follow(rollback_by_);
  if (out_.decode_ended == Time::zero() || out_.aborted) end_decode();
  out_.drained = m_.engine.now();
  trail_.mark(TaskLog::Mark::drained);
  out_.degraded = degraded_;
  out_.in_flight = log_.in_flight();
  over_ = true;
  crash_timer_.cancel();
  rehash_timer_.cancel();
  restarted_.open();
  SIM_CHECK(out_.generated == out_.committed + out_.discarded + out_.in_flight,
            "generated work is neither committed nor discarded nor in flight");
  SIM_CHECK(!log_.empty() || window_.occupied().value() == 0,
            "a place in the window was not given back");
}

// A place in the window, and room for what must be retained; false when there is none because work
// was lost meanwhile.
des::Task<bool> Session::open_window(bool takes_place) {
  des::Engine& engine = m_.engine;
  const Time waited = engine.now();
  if (takes_place) co_await window_.open();
  if (takes_place) boundary_places_.taken(trail_);
  while (!has_room() && !log_.empty() && !interrupted() && !out_.aborted) {
    verdict_arrived_.close();
    co_await verdict_arrived_.wait();
  }
  out_.decode.add(Category::stall, engine.now() - waited);
  if (!interrupted() && !out_.aborted) {
    draw_window();
    co_return true;
  }
  if (takes_place) {
    boundary_places_.given(trail_);
    window_.close();
  }
  co_return false;
}

des::Task<> Session::generate_boundary() {
  des::Engine& engine = m_.engine;
  const bool takes_place = windowed();
  if (settling() == Settling::behind && !co_await open_window(takes_place)) co_return;
  BoundaryPtr b = log_.begin(engine.now());
  b->windowed = takes_place;
  b->check.draw = Corruption::draw(*b);
  corruption_.begin(*b);
  rule_.begin(*b);
  do {
    Account spent;
    const bool whole = co_await step(spent);
    if (!whole || interrupted()) {
      drop_step(spent, whole);
      co_return;
    }
    keep_token(*b, spent);
    if (out_.aborted) co_return;
  } while (keeps_open(*b));
  if (co_await checkpoint(*b)) co_await settle_boundary(b);
}

void Session::keep_token(Boundary& b, const Account& spent) {
  des::Engine& engine = m_.engine;
  note_exposure();
  const recovery::Work work = work_of(spent, true);
  out_.generated += work;
  log_.add_token(spent, work);
  corruption_.token(b, spent.total());
  rule_.generated(spent.total());
  out_.token_at.push_back(engine.now());
  if (out_.token_at.size() == 1) trail_.mark(TaskLog::Mark::first_token);
  note_retained();
  if (auto* trace = engine.trace())
    trace->counter("KV tokens", engine.now(),
                   static_cast<double>(s_.workload.prompt_tokens + log_.tokens()));
}

// Generated, or half generated, and dropped at once.
void Session::drop_step(const Account& spent, bool whole) {
  out_.decode.add(Category::rollback, spent.total());
  const recovery::Work work = work_of(spent, whole);
  out_.generated += work;
  out_.discarded += work;
}

bool Session::keeps_open(const Boundary& b) const {
  if (done()) return false;
  // Without verification there is nothing to wait for: every token commits at once, unless a
  // boundary is what a crash goes back to.
  if (timing() == Timing::none && !s_.faults.device_crash &&
      s_.recovery.checkpoint_cost == Duration::zero())
    return false;
  const Bytes kv = programs_.kv_bytes_per_token() * s_.workload.batch;
  return !rule_.closes(b, m_.engine.now(), kv) && has_room();
}

// Generation is over but verdicts are out: a failure among them starts it again.
des::Task<> Session::drain() {
  const Time began = m_.engine.now();
  verdict_arrived_.close();
  rehash_timer_.cancel();  // nothing more will come: the last re-hash is due
  co_await verdict_arrived_.wait();
  drain_wait_ += m_.engine.now() - began;
}

// An aborted run keeps what was verified; the rest, and the waiting, is lost.
void Session::give_up() {
  out_.decode.add(Category::rollback, drain_wait_);
  if (log_.empty()) return;
  const BoundaryPtr first = log_.first();
  count_discarded(log_.discard_from(*first), *first);
  out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
}

void Session::note_exposure() {
  // Called before the log changes: the count has stood since the last call.
  const Time now = m_.engine.now();
  const std::int64_t exposed = log_.unverified_tokens();
  if (now > exposure_since_) out_.exposure_max = std::max(out_.exposure_max, exposed);
  out_.exposure_token_ps +=
      static_cast<long double>((now - exposure_since_).count()) * static_cast<long double>(exposed);
  exposure_since_ = now;
}

}  // namespace fieldsim::system
