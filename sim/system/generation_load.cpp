// The anchor's checks beside those of boundaries: at load, when its time to live is over, and
// re-hashing what lies in device memory; and the trusted execution environment that replaces them.
#include "sim/base/error.hpp"
#include "sim/recovery/retry.hpp"
#include "sim/system/generation.hpp"
#include "sim/system/memory.hpp"

namespace fieldsim::system {

using hardware::Category;
using recovery::Boundary;
using recovery::BoundaryPtr;
using recovery::Next;
using recovery::Refetch;

namespace {
constexpr Bytes kTokenId = Bytes::raw(4);
}

// One check of the anchor as it was loaded; true when its verdict is "no".
des::Task<bool> Session::anchor_fails(Account& spent) {
  Boundary anchor;
  anchor.closed = m_.engine.now();
  planner_.plan(anchor.check, 0, 0);
  anchor.check.trail = trail_;
  anchor.check.draw = loads_;
  co_await verifier_.run(anchor.check);
  trail_ = anchor.check.trail;
  note_verdict(anchor);
  spent += anchor.check.spent;
  spent.add(Category::stall, anchor.check.began - anchor.check.asked);
  const verify::Answer& answer = anchor.check.answer;
  if (answer.revoked) verifier_.ledger().replace_anchor(m_.engine.now());
  co_return corruption_.load_fails(loads_++) || corruption_.resident_bad(answer.lie) ||
      answer.revoked || answer.refused;
}

// Loads and checks until a check passes or retries are used up.
des::Task<> Session::load_anchor(Account& spent) {
  for (std::int64_t failed = 0;;) {
    const bool bad = co_await anchor_fails(spent);
    if (!bad) break;
    ++out_.failures;
    const Next next = recovery::after_failure(s_.recovery, ++failed, degraded_);
    if (next == Next::abort) {
      out_.aborted = true;
      co_return;
    }
    if (next == Next::tolerate) {
      ++out_.tolerated;
      break;
    }
    if (next == Next::pessimistic) {
      degrade();
      // What was generated since the last good verdict rests on an anchor that has none.
      if (!log_.empty()) roll_back(*log_.first());
      break;
    }
    ++out_.retries;
    const Time began = m_.engine.now();
    Duration wait = recovery::backoff(s_.recovery.retry, failed);
    if (s_.recovery.retry.refetch == Refetch::replica) {
      wait += s_.recovery.retry.refetch_time;
      ++out_.refetches;
      corruption_.refetched();
    } else {
      corruption_.repaired();
    }
    if (wait > Duration::zero()) co_await m_.engine.delay(wait);
    spent.add(Category::rollback, m_.engine.now() - began);
    log_repair("anchor reload", began);
    out_.repairing += m_.engine.now() - began;
  }
  loaded_at_ = m_.engine.now();
}

// on_load: each boundary compares the digest of what it read with the verified one.
des::Task<> Session::meet_digest(Boundary& b) {
  Account spent;
  co_await verifier_.compare_digest(spent, trail_);
  if (!b.check.cancelled) co_await renew_anchor(spent);
  if (b.check.cancelled) {  // by a re-hash meanwhile
    out_.decode.add(Category::rollback, spent.total());
    co_return;
  }
  (b.committed ? kept_ : b.spent) += spent;  // by a re-hash meanwhile, likewise
  b.check.trail = trail_;
  stamp_token();
  if (done()) end_decode();
  // With re-hashing, the next good one commits it.
  if (settling() == Settling::at_once && !out_.aborted) commit(b);
}

// At a boundary after the time to live: fetched again and checked, while generation waits.
des::Task<> Session::renew_anchor(Account& spent) {
  const auto& ttl = s_.verification.on_load.ttl;
  if (!ttl || m_.engine.now() - loaded_at_ < *ttl) co_return;
  const Time began = m_.engine.now();
  corruption_.repaired();  // what was changed in place is written over
  if (s_.recovery.retry.refetch_time > Duration::zero())
    co_await m_.engine.delay(s_.recovery.retry.refetch_time);
  spent.add(Category::transfer, m_.engine.now() - began);
  log_repair("anchor fetch", began);
  co_await load_anchor(spent);
  draw_on("anchor", "renewed", began);
}

// The bytes in device memory are hashed again and again, beside generation. A good verdict covers
// what was generated before the re-hash began.
des::Process Session::rehash() {
  while (!over_ && !degraded_) {
    co_await rehash_timer_.wait(*s_.verification.on_load.rehash);
    if (over_ || out_.aborted || degraded_) co_return;
    Boundary probe;
    probe.closed = m_.engine.now();
    planner_.plan(probe.check, 0, 0);
    probe.check.trail = hardware::Trail(m_.tasks);
    probe.check.draw = loads_++;
    co_await verifier_.run(probe.check);
    if (over_ || out_.aborted || degraded_) co_return;
    note_verdict(probe);
    const verify::Answer& answer = probe.check.answer;
    const bool bad = corruption_.resident_bad(answer.lie) || answer.refused;
    if (answer.revoked) revoked_ = true;
    judge_rehash(probe, bad || answer.revoked);
    draw_on("anchor", bad ? "re-hash failed" : "re-hashed", probe.closed);
    wake();
  }
}

void Session::judge_rehash(const Boundary& probe, bool bad) {
  if (!bad) {
    while (!log_.empty() && log_.oldest().is_closed && log_.oldest().closed <= probe.closed) {
      log_.first()->check.trail = probe.check.trail;
      commit(*log_.first());
    }
    return;
  }
  const bool accepts = s_.recovery.rollback == recovery::Rollback::compensate_only ||
                       s_.recovery.retry.exhausted == recovery::Exhausted::tolerate;
  if (accepts && !log_.empty() && !log_.oldest().is_closed) {
    // What may have to be accepted is not there yet: the bytes are put right beside generation.
    ++out_.failures;
    corruption_.repaired();
    if (revoked_) verifier_.ledger().replace_anchor(m_.engine.now());
    revoked_ = false;
    return;
  }
  if (!log_.empty()) {
    log_.count_open();
    log_.first()->check.trail = probe.check.trail;
    fail(*log_.first());
    return;
  }
  failed_before_ = 0;
  ++out_.failures;  // nothing was generated since the last good one
  ++out_.rollbacks;
  rollback_pending_ = true;
}

// The device proves what it runs and that its memory is closed to others.
des::Task<> Session::attest() {
  const Time began = m_.engine.now();
  co_await m_.engine.delay(s_.verification.tee.attestation);
  out_.prefill.add(Category::enclave, m_.engine.now() - began);
  trail_.add("attestation", Category::enclave, hardware::Limiter::scheme, began, m_.engine.now());
  draw_on("enclave", "attestation", began);
}

// A boundary's tokens leave through the encrypted bounce buffer.
des::Task<> Session::leave_enclave(Boundary& b) {
  const Time began = m_.engine.now();
  co_await m_.link.copy(hardware::pcie::Direction::to_host,
                        kTokenId * (b.tokens * s_.workload.batch),
                        hardware::pcie::HostMemory::pinned);
  b.spent.add(Category::enclave, m_.engine.now() - began);
  trail_.add("copy", Category::enclave, hardware::Limiter::link, began, m_.engine.now());
  stamp_token();
}

}  // namespace fieldsim::system
