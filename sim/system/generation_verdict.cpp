// What each timing does with a closed boundary, and with its verdict.
#include "sim/base/error.hpp"
#include "sim/recovery/retry.hpp"
#include "sim/system/generation.hpp"
#include "sim/system/memory.hpp"

namespace fieldsim::system {

using recovery::Boundary;
using recovery::BoundaryPtr;
using recovery::Corruption;
using recovery::Next;
using recovery::Rollback;

Session::Settling Session::settling() const {
  switch (timing()) {
    case Timing::none:
    case Timing::attested_tee:
      return Settling::at_once;
    case Timing::on_load:
      return s_.verification.on_load.rehash ? Settling::behind : Settling::at_once;
    case Timing::pessimistic:
      return Settling::waits;
    case Timing::optimistic:
    case Timing::optimistic_verified_prefix:
    case Timing::sampled_audit:
    case Timing::challenge_window:
      return Settling::behind;
  }
  return Settling::behind;
}

// A closed boundary meets the timing: waits for its verdict, leaves it behind, or needs none.
des::Task<> Session::settle_boundary(BoundaryPtr b) {
  des::Engine& engine = m_.engine;
  log_.close(engine.now());
  planner_.plan(b->check, s_.workload.prompt_tokens + b->first_token, b->tokens);
  b->check.trail = trail_;
  crashes_in_a_row_ = 0;
  if (done()) end_decode();
  switch (timing()) {
    case Timing::none:
      commit(*b);
      break;
    case Timing::on_load:
      co_await meet_digest(*b);
      break;
    case Timing::attested_tee:
      co_await leave_enclave(*b);
      b->check.trail = trail_;
      commit(*b);
      if (done()) end_decode();
      break;
    case Timing::pessimistic:
      co_await wait_for_verdict(b);
      break;
    case Timing::challenge_window:
      draw_boundary(*b);
      engine.spawn(challenge(b), "session.challenge");
      break;
    case Timing::sampled_audit:
      draw_boundary(*b);
      if (audits_.bernoulli_at(Corruption::draw(*b), s_.verification.audit.rate))
        engine.spawn(check(b), "session.check");
      else
        pass_unseen(*b);
      break;
    case Timing::optimistic:
    case Timing::optimistic_verified_prefix:
      draw_boundary(*b);
      engine.spawn(check(b), "session.check");
      break;
  }
}

des::Task<> Session::wait_for_verdict(BoundaryPtr b) {
  draw_boundary(*b);
  co_await verifier_.run(b->check);
  if (b->check.cancelled) {  // by a boundary before it, left behind when stop and wait began
    out_.decode.add(hardware::Category::rollback, m_.engine.now() - b->check.asked);
    draw_verdict(*b, "cancelled");
    co_return;
  }
  note_verdict(*b);
  b->spent += b->check.spent;
  b->spent.add(hardware::Category::stall, b->check.began - b->check.asked);
  trail_ = b->check.trail;
  stamp_token();
  judge(*b);
  if (done()) end_decode();
}

des::Process Session::check(BoundaryPtr b) {
  co_await verifier_.run(b->check);
  if (b->check.cancelled) {
    draw_verdict(*b, "cancelled");
    co_return;
  }
  note_verdict(*b);
  judge(*b);
  wake();
}

// Final at the end of its window; who challenges does so at any moment of it, and the boundary is
// then checked in full.
des::Process Session::challenge(BoundaryPtr b) {
  const auto& c = s_.verification.challenge;
  const Time final = b->closed + c.window;
  const std::uint64_t draw = 2 * Corruption::draw(*b);
  const bool bad = Corruption::noticeable(*b, false);
  const bool challenged = challenges_.bernoulli_at(draw, bad ? c.watch : c.probability);
  if (challenged) {
    const Duration into = scaled(c.window, challenges_.uniform_at(draw + 1));
    co_await m_.engine.until(std::min(final, b->closed + into));
    if (!b->check.cancelled) {
      co_await verifier_.run(b->check);
      if (!b->check.cancelled) note_verdict(*b);
    }
    if (!b->check.cancelled && !passes(*b)) {
      draw_verdict(*b, "failed");
      fail(*b);
      wake();
      co_return;
    }
  }
  if (m_.engine.now() < final) co_await m_.engine.until(final);
  if (b->check.cancelled) {
    draw_verdict(*b, "cancelled");
    co_return;
  }
  if (challenged) {
    draw_verdict(*b, "verified");
    commit(*b);
  } else {
    pass_unseen(*b);
  }
  wake();
}

void Session::pass_unseen(Boundary& b) {
  ++out_.unseen;
  b.unseen = true;
  draw_verdict(b, "unseen");
  commit(b);
}

void Session::wake() {
  if (interrupted() || out_.aborted) {
    timer_.cancel();
    stream_.cancel();
  }
  verdict_arrived_.open();
}

bool Session::passes(Boundary& b) {
  const verify::Answer& answer = b.check.answer;
  if (answer.revoked) {
    revoked_ = true;
    return false;
  }
  if (answer.refused) return false;
  bool bad = Corruption::noticeable(b, answer.lie);
  if (timing() == Timing::sampled_audit && bad)
    bad = audits_.bernoulli_at(~Corruption::draw(b), s_.verification.audit.sensitivity);
  if (bad) return false;
  if (!s_.faults.noise) return true;
  const bool alarm = corruption_.false_alarm(b, noise(s_, b.tokens).mismatch);
  if (alarm) ++out_.false_positives;
  return !alarm;
}

void Session::judge(Boundary& b) {
  const bool good = passes(b);
  draw_verdict(b, good ? "verified" : "failed");
  if (good)
    commit(b);
  else
    fail(b);
}

void Session::note_verdict(const Boundary& b) {
  ++out_.verdicts;
  out_.payload += b.check.payload;
  out_.evidence += b.check.evidence;
  out_.checks += b.check.spent;
  out_.check_latency.push_back(m_.engine.now() - b.closed);
  out_.check_service.push_back(b.check.ended - b.check.began);
}

void Session::commit(Boundary& boundary) {
  note_exposure();
  const bool held = s_.recovery.output_commit == recovery::OutputCommit::hold_until_verified ||
                    s_.recovery.output_commit == recovery::OutputCommit::transactional_outbox;
  const bool checked = timing() != Timing::none;
  for (const BoundaryPtr& b : log_.verified(boundary)) {
    kept_ += b->spent;
    out_.committed += b->work;
    if (checked) ++out_.boundaries;
    if (const std::int64_t bad = b->taint.first(); bad >= 0 && bad < b->tokens)
      out_.escaped_tokens += b->tokens - bad;
    if (verifier_.ledger().revoked(m_.engine.now())) ++out_.revoked_boundaries;
    for (std::int64_t i = 0; i < b->tokens; ++i) {
      const auto token = static_cast<std::size_t>(b->first_token + i);
      out_.output_commit.push_back(held ? m_.engine.now() - out_.token_at[token]
                                        : Duration::zero());
    }
    if (b->windowed) give_place(*b, boundary);
  }
  commit_by_ = boundary.check.trail.head();
  draw_window();
}

// A verdict "no": what the scope of rollback and the retries left make of it.
void Session::fail(Boundary& b) {
  ++out_.failures;
  rule_.failed_verdict();
  log_.count_failure(b.index);
  failed_before_ = log_.failures(b.index);
  if (s_.recovery.rollback == Rollback::compensate_only) {
    if (revoked_) verifier_.ledger().replace_anchor(m_.engine.now());
    revoked_ = false;
    m_.engine.spawn(compensate(log_.find(b)), "session.compensate");
    return;
  }
  if (timing() == Timing::optimistic_verified_prefix && b.taint.work >= 0 && b.taint.anchor < 0 &&
      !revoked_) {
    keep_what_is_good(b);
    return;
  }
  switch (recovery::after_failure(s_.recovery, failed_before_, degraded_)) {
    case Next::tolerate:
      ++out_.tolerated;
      commit(b);
      return;
    case Next::abort:
      out_.aborted = true;
      break;
    case Next::pessimistic:
      degrade();
      log_.forgive(b.index);
      ++out_.retries;
      break;
    case Next::retry:
      ++out_.retries;
      break;
  }
  roll_back(b);
}

void Session::degrade() {
  degraded_ = true;
  corruption_.look_at_boundaries();
}

// The replay yields the right token where the first bad one was: min(X, W) tokens stay.
void Session::keep_what_is_good(Boundary& b) {
  note_exposure();
  ++out_.rollbacks;
  const std::int64_t keep = b.taint.work + 1;
  b.taint = {};
  const auto lost = log_.keep_prefix(b, keep);
  count_discarded(lost, b);
  out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
  out_.salvaged_tokens += keep;
  kept_of_failed_ = keep;
  failed_before_ = 0;
  pend_rollback(b);
  commit(b);
}

}  // namespace fieldsim::system
