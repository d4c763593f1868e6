#include "sim/system/generation.hpp"

#include <algorithm>
#include <string>

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
using verify::Timing;

namespace {
// Draws are indexed by (boundary, verdicts that failed there before), so the synchronous and the
// asynchronous run of one seed meet the same failures.
constexpr std::uint64_t kAttemptsPerBoundary = 1ull << 20;
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
                scenario.hardware.gpu.launch.eager, scenario.simulation.fast_forward),
      verdicts_(machine.engine.random("verify.verdict")),
      window_(machine.engine, scenario.verification.window),
      timer_(machine.engine),
      verdict_arrived_(machine.engine),
      trail_(machine.tasks),
      boundary_places_(scenario.verification.window) {
  if (trail_) prefill_stream_.split_into(&work_);
  if (trail_) stream_.split_into(&work_);
  if (s_.fidelity == Fidelity::tile)
    verifier_.quantize_with(
        [kernels = TileKernels(s_)](Bytes payload) { return kernels.quantize(payload); });
  if (s_.anchors)
    anchors_.emplace(m_, s_, verifier_, [this](const verify::Check& c) { note_anchor_check(c); });
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
  else if (s_.verification.timing == Timing::on_load)
    co_await load_anchor();
  if (!out_.aborted) co_await prefill();
  out_.decode_began = exposure_since_ = engine.now();
  trail_.mark(TaskLog::Mark::decode_began);
  out_.at_decode = snapshot(m_);
  out_.verifier_at_decode = verifier_.busy();
  out_.ledger_at_decode = verifier_.ledger().busy();
  while (!out_.aborted) {
    if (rolling_back())
      co_await repair();
    else if (!done())
      co_await generate_boundary();
    else if (log_.empty())
      break;
    else
      co_await drain();
  }
  if (rolling_back()) draw_rollback(engine.now());
  if (out_.aborted) give_up();
  note_exposure();
  trail_.join(commit_by_);
  if (out_.aborted) trail_.follow(rollback_by_);
  if (out_.decode_ended == Time::zero() || out_.aborted) {
    out_.decode_ended = engine.now();
    trail_.mark(TaskLog::Mark::decode_ended);
  }
  out_.drained = engine.now();
  trail_.mark(TaskLog::Mark::drained);
}

des::Task<> Session::load_anchor() {
  for (std::int64_t attempt = 0; attempt <= s_.recovery.retry_limit; ++attempt) {
    Boundary anchor;
    anchor.closed = m_.engine.now();
    anchor.check.payload = payload_bytes(s_, 0);
    anchor.check.trail = trail_;
    co_await verifier_.run(anchor.check);
    trail_ = anchor.check.trail;
    note_verdict(anchor);
    out_.prefill += anchor.check.spent;
    const auto draw = static_cast<std::uint64_t>(attempt);
    if (!verdicts_.bernoulli_at(draw, s_.faults.verdict_failure)) co_return;
    ++out_.failures;
  }
  out_.aborted = true;
}

des::Task<> Session::prefill() {
  if (s_.workload.prefill) {
    const Time began = m_.engine.now();
    co_await m_.engine.delay(*s_.workload.prefill);
    trail_.add("prefill", Category::assumed, Limiter::pinned, began, m_.engine.now());
    out_.prefill.add(Category::assumed, *s_.workload.prefill);
    co_return;
  }
  for (std::int64_t before = 0; before < s_.workload.prompt_tokens;) {
    const std::int64_t tokens =
        std::min(s_.workload.prefill_chunk, s_.workload.prompt_tokens - before);
    const bool last = before + tokens == s_.workload.prompt_tokens;
    const auto& program = programs_.prefill(tokens, before, last);
    out_.prefill_totals += programs_.totals();
    const Time began = m_.engine.now();
    co_await prefill_stream_.run(program, out_.prefill);
    log_program("prefill chunk", began);
    before += tokens;
  }
}

// One decode step for all sequences; false when a failed verdict cut it short.
des::Task<bool> Session::step(Account& spent) {
  des::Engine& engine = m_.engine;
  const Time began = engine.now();
  if (s_.workload.decode_step) {
    co_await timer_.wait(*s_.workload.decode_step);
    // Cut short at its very end it is whole: what counts is the time, not which event came first.
    const bool whole = engine.now() - began == *s_.workload.decode_step;
    spent.add(Category::assumed, engine.now() - began);
    trail_.add("decode step", Category::assumed, Limiter::pinned, began, engine.now());
    if (auto* trace = engine.trace())
      trace->span(step_track_, whole ? "assumed step" : "step cut short", began, engine.now());
    co_return whole;
  }
  const Duration host = s_.hardware.host.step_overhead;
  const bool scheduled = co_await timer_.wait(host);
  spent.add(Category::host, engine.now() - began);
  trail_.add("host step", Category::host, Limiter::step, began, engine.now());
  if (!scheduled || rolling_back()) co_return false;
  const auto& program = programs_.decode(s_.workload.prompt_tokens + log_.tokens() + 1);
  const Time launched = engine.now();
  const bool whole = co_await stream_.run(program, spent);
  log_program("decode step", launched);
  if (whole) out_.decode_totals += programs_.totals();
  co_return whole;
}

des::Task<> Session::generate_boundary() {
  des::Engine& engine = m_.engine;
  if (optimistic()) {
    const Time waited = engine.now();
    co_await window_.open();
    boundary_places_.taken(trail_);
    out_.decode.add(Category::stall, engine.now() - waited);
    if (rolling_back()) {
      boundary_places_.given(trail_);
      window_.close();
      co_return;
    }
    draw_window();
  }
  BoundaryPtr b = log_.begin(engine.now());
  const Bytes kv = programs_.kv_bytes_per_token() * s_.workload.batch;
  do {
    Account spent;
    const bool whole = co_await step(spent);
    if (!whole || rolling_back()) {
      out_.decode.add(Category::rollback, spent.total());
      if (whole) ++out_.discarded_tokens;  // generated, and dropped at once
      co_return;
    }
    note_exposure();
    log_.add_token(spent);
    out_.token_at.push_back(engine.now());
    if (out_.token_at.size() == 1) trail_.mark(TaskLog::Mark::first_token);
    if (auto* trace = engine.trace())
      trace->counter("KV tokens", engine.now(),
                     static_cast<double>(s_.workload.prompt_tokens + log_.tokens()));
    // Without verification there is nothing to wait for: every token commits at once.
  } while (!done() && s_.verification.timing != Timing::none &&
           !recovery::closes(s_.verification.boundary, *b, engine.now(), kv));
  co_await settle_boundary(b);
}

// A closed boundary meets the timing: waits for its verdict, leaves it behind, or needs none.
des::Task<> Session::settle_boundary(BoundaryPtr b) {
  des::Engine& engine = m_.engine;
  log_.close(engine.now());
  b->check.payload = payload_bytes(s_, b->tokens);
  b->check.trail = trail_;
  if (done()) end_decode();
  switch (s_.verification.timing) {
    case Timing::none:
      commit(*b);
      break;
    case Timing::on_load: {
      co_await verifier_.compare_digest(b->spent, trail_);
      b->check.trail = trail_;
      out_.token_at.back() = engine.now();
      if (out_.token_at.size() == 1) trail_.mark(TaskLog::Mark::first_token);
      commit(*b);
      if (done()) end_decode();
      break;
    }
    case Timing::pessimistic: {
      draw_boundary(*b);
      co_await verifier_.run(b->check);
      note_verdict(*b);
      b->spent += b->check.spent;
      trail_ = b->check.trail;
      out_.token_at.back() = engine.now();
      if (out_.token_at.size() == 1) trail_.mark(TaskLog::Mark::first_token);
      judge(*b);
      if (done()) end_decode();
      break;
    }
    case Timing::optimistic:
    case Timing::optimistic_verified_prefix:
    case Timing::sampled_audit:
    case Timing::challenge_window:
    case Timing::attested_tee:
      draw_boundary(*b);
      engine.spawn(check(b), "session.check");
      break;
  }
}

des::Process Session::check(BoundaryPtr b) {
  co_await verifier_.run(b->check);
  if (b->check.cancelled) {
    draw_verdict(*b, "cancelled");
    co_return;
  }
  note_verdict(*b);
  judge(*b);
  if (rolling_back()) {
    timer_.cancel();
    stream_.cancel();
  }
  verdict_arrived_.open();
}

void Session::judge(Boundary& b) {
  const bool good = passes(b);
  draw_verdict(b, good ? "verified" : "failed");
  if (good)
    commit(b);
  else
    discard(b);
}

// Generation is over but verdicts are out: a failure among them starts it again.
des::Task<> Session::drain() {
  const Time began = m_.engine.now();
  verdict_arrived_.close();
  co_await verdict_arrived_.wait();
  drain_wait_ += m_.engine.now() - began;
}

// An aborted run keeps what was verified; the rest, and the waiting, is lost.
void Session::give_up() {
  out_.decode.add(Category::rollback, drain_wait_);
  if (log_.empty()) return;
  for (const BoundaryPtr& b : log_.discard_from(log_.oldest())) {
    out_.decode.add(Category::rollback, b->spent.total());
    out_.discarded_tokens += b->tokens;
  }
  out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
}

des::Task<> Session::repair() {
  const Time began = m_.engine.now();
  trail_.follow(rollback_by_);
  co_await m_.engine.delay(s_.recovery.truncate);
  trail_.add("rollback repair", Category::rollback, Limiter::repair, began, m_.engine.now());
  out_.decode.add(Category::rollback, m_.engine.now() - began + drain_wait_);
  drain_wait_ = Duration::zero();
  rollback_pending_ = false;
  draw_rollback(began);
}

bool Session::passes(const Boundary& b) const {
  const auto index = static_cast<std::uint64_t>(b.index) * kAttemptsPerBoundary +
                     static_cast<std::uint64_t>(log_.failures(b.index));
  return !verdicts_.bernoulli_at(index, s_.faults.verdict_failure);
}

void Session::note_verdict(const Boundary& b) {
  ++out_.verdicts;
  out_.payload += b.check.payload;
  out_.checks += b.check.spent;
  out_.check_latency.push_back(m_.engine.now() - b.closed);
  out_.check_service.push_back(b.check.ended - b.check.began);
}

void Session::commit(Boundary& boundary) {
  note_exposure();
  for (const BoundaryPtr& b : log_.verified(boundary)) {
    out_.decode += b->spent;
    if (s_.verification.timing != Timing::none) ++out_.boundaries;
    const bool held = s_.recovery.output_commit == recovery::OutputCommit::hold_until_verified;
    for (std::int64_t i = 0; i < b->tokens; ++i) {
      const auto token = static_cast<std::size_t>(b->first_token + i);
      out_.output_commit.push_back(held ? m_.engine.now() - out_.token_at[token]
                                        : Duration::zero());
    }
    if (!optimistic()) continue;
    boundary_places_.given(boundary.check.trail);
    window_.close();
  }
  commit_by_ = boundary.check.trail.head();
  draw_window();
}

void Session::discard(Boundary& boundary) {
  note_exposure();
  ++out_.failures;
  ++out_.rollbacks;
  log_.count_failure(boundary.index);
  if (log_.failures(boundary.index) > s_.recovery.retry_limit) out_.aborted = true;
  for (const BoundaryPtr& b : log_.discard_from(boundary)) {
    out_.decode.add(Category::rollback, b->spent.total());
    out_.discarded_tokens += b->tokens;
    if (!optimistic()) continue;
    boundary_places_.given(boundary.check.trail);
    window_.close();
  }
  out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
  if (!rollback_pending_) rollback_by_ = boundary.check.trail.head();
  rollback_pending_ = true;
  draw_window();
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
