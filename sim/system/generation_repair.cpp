// Rollback and its cost, retries, checkpoints, crashes.
#include <algorithm>
#include <string>

#include "sim/base/error.hpp"
#include "sim/recovery/retry.hpp"
#include "sim/system/generation.hpp"
#include "sim/system/memory.hpp"
#include "sim/verify/outages.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::pcie::Direction;
using hardware::pcie::HostMemory;
using recovery::Boundary;
using recovery::BoundaryPtr;
using recovery::Checkpoint;
using recovery::Refetch;
using recovery::Rollback;

namespace {
constexpr std::int64_t kCrashesInARow = 10'000;  // without a boundary between them: no progress
constexpr std::int64_t kReadAndWrite = 2;        // a copy within one memory
}  // namespace

// In one session every scope but a restart is the suffix: what derives from a boundary is what
// comes after it.
void Session::roll_back(Boundary& b) {
  note_exposure();
  ++out_.rollbacks;
  kept_of_failed_ = 0;
  refetch_ = s_.recovery.retry.refetch == Refetch::replica;
  if (s_.recovery.rollback == Rollback::session_restart) {
    out_.decode.add(Category::rollback, kept_.total());
    kept_ = {};
    out_.discarded += out_.committed;
    out_.committed = {};
    out_.boundaries = 0;
    out_.escaped_tokens = 0;
    out_.output_commit.clear();
    count_discarded(log_.restart(), b);
  } else {
    count_discarded(log_.discard_from(b), b);
  }
  out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
  pend_rollback(b);
  draw_window();
}

void Session::pend_rollback(Boundary& by) {
  if (!rollback_pending_) rollback_by_ = by.check.trail.head();
  rollback_pending_ = true;
}

void Session::give_place(const Boundary& b, Boundary& by) {
  if (!b.windowed) return;
  boundary_places_.given(by.check.trail);
  window_.close();
}

void Session::count_discarded(const std::vector<BoundaryPtr>& lost, Boundary& by) {
  draw_undone(lost);
  for (const BoundaryPtr& b : lost) {
    out_.decode.add(Category::rollback, b->spent.total());
    out_.discarded += b->work;
    give_place(*b, by);
  }
}

des::Task<> Session::repair() {
  des::Engine& engine = m_.engine;
  const Time began = engine.now();
  trail_.follow(rollback_by_);
  co_await engine.delay(s_.recovery.truncate);
  const Duration wait =
      failed_before_ > 0 ? recovery::backoff(s_.recovery.retry, failed_before_) : Duration::zero();
  if (wait > Duration::zero()) co_await engine.delay(wait);
  const bool fetches = refetch_ || revoked_;
  if (fetches && s_.recovery.retry.refetch_time > Duration::zero())
    co_await engine.delay(s_.recovery.retry.refetch_time);
  if (revoked_) verifier_.ledger().replace_anchor(engine.now());
  if (fetches) {
    ++out_.refetches;
    corruption_.refetched();
  } else {
    corruption_.repaired();
  }
  // Another anchor at the front of the context leaves no KV behind it that still holds; so does a
  // failed one of which nothing is kept.
  const bool anchor =
      s_.verification.payload.kind && *s_.verification.payload.kind != verify::PayloadKind::new_kv;
  const std::int64_t context = s_.workload.prompt_tokens + log_.tokens();
  if (revoked_ || s_.recovery.checkpoint == Checkpoint::recompute)
    co_await recompute(recovery::tainted_tokens(revoked_ || anchor, context, kept_of_failed_));
  revoked_ = refetch_ = false;
  book_repair(began);
  log_repair("rollback repair", began);
  rollback_pending_ = false;
  draw_repair("rollback", began);
}

// With nothing left to generate it only delays the last verdicts, unless one of them fails.
void Session::book_repair(Time began) {
  const Duration took = m_.engine.now() - began;
  out_.repairing += took;
  drain_wait_ += took;
  if (done()) return;
  out_.decode.add(Category::rollback, drain_wait_);
  drain_wait_ = Duration::zero();
}

// Prefills the newest `tokens` of the context again.
des::Task<> Session::recompute(std::int64_t tokens) {
  const std::int64_t context = s_.workload.prompt_tokens + log_.tokens();
  tokens = std::min(tokens, context);
  if (tokens == 0) co_return;
  out_.reprefilled_tokens += tokens;
  const Time began = m_.engine.now();
  if (s_.workload.prefill) {
    // Pinned for the prompt: as long for as many tokens.
    const double share =
        static_cast<double>(tokens) / static_cast<double>(s_.workload.prompt_tokens);
    const Duration takes = scaled(*s_.workload.prefill, share);
    if (takes > Duration::zero()) co_await m_.engine.delay(takes);
  } else {
    for (std::int64_t before = context - tokens; before < context;) {
      const std::int64_t chunk = std::min(s_.workload.prefill_chunk, context - before);
      const auto& program = programs_.prefill(chunk, before, before + chunk == context);
      Account unused;
      co_await prefill_stream_.run(program, unused);
      work_ = {};
      before += chunk;
    }
  }
  draw_on("repair", "re-prefill " + std::to_string(tokens) + " tokens", began);
}

recovery::Context Session::context() const {
  return {programs_.kv_bytes_per_token() * s_.workload.batch,
          s_.workload.prompt_tokens + log_.tokens(), s_.attention.page_tokens, s_.workload.batch};
}

bool Session::restores_from_host() const {
  return s_.recovery.checkpoint == Checkpoint::full_copy_host && s_.faults.device_crash.has_value();
}

void Session::note_retained() {
  if (settling() == Settling::at_once) return;
  const auto now = recovery::retained(s_.recovery.checkpoint, context(), log_.unverified_tokens(),
                                      log_.open_boundaries());
  auto& peak = out_.retained_peak;
  peak.device = std::max(peak.device, now.device);
  peak.pages = std::max(peak.pages, now.pages);
  peak.host = std::max(peak.host, now.host);
  if (const auto& limit = s_.recovery.retained.limit; limit && now.total() > *limit) {
    out_.cannot = std::to_string(now.total().count()) + " bytes for " +
                  std::to_string(log_.unverified_tokens()) + " unverified tokens";
  } else if (device_room_ && now.device > *device_room_) {
    out_.cannot = std::to_string(now.device.count()) + " bytes of copies, and device memory has " +
                  std::to_string(device_room_->count()) + " left";
  }
  if (!out_.cannot.empty()) out_.aborted = true;
}

// For one more token. Who ends with an error goes on until there is none.
bool Session::has_room() const {
  const auto& r = s_.recovery.retained;
  if (r.overflow == recovery::Overflow::error || settling() == Settling::at_once) return true;
  if (!r.limit && !device_room_) return true;
  const bool begins = log_.empty() || log_.newest_closed();
  const auto more =
      recovery::retained(s_.recovery.checkpoint, context(), log_.unverified_tokens() + 1,
                         log_.open_boundaries() + (begins ? 1 : 0));
  return (!r.limit || more.total() <= *r.limit) && (!device_room_ || more.device <= *device_room_);
}

// What a boundary costs generation, and the copy that runs beside it; false when it was cut short.
des::Task<bool> Session::checkpoint(Boundary& b) {
  const Duration cost = s_.recovery.checkpoint_cost;
  if (cost > Duration::zero()) {
    const Time began = m_.engine.now();
    const bool whole = co_await timer_.wait(cost);
    const Duration took = m_.engine.now() - began;
    if (!whole || interrupted()) {
      out_.decode.add(Category::rollback, took);
      log_repair("checkpoint", began);
      co_return false;
    }
    b.spent.add(Category::checkpoint, took);
    trail_.add("checkpoint", Category::checkpoint, hardware::Limiter::pinned, began,
               m_.engine.now());
    stamp_token();
    draw_on("checkpoints", "checkpoint " + std::to_string(b.index), began);
  }
  if (settling() != Settling::at_once || restores_from_host()) {
    const Bytes kv = context().kv_per_token * b.tokens;
    const Checkpoint kind = s_.recovery.checkpoint;
    const Bytes bytes = kind == Checkpoint::cow_blocks ? recovery::block_table(context()) : kv;
    if (kind != Checkpoint::recompute)
      m_.engine.spawn(copy_checkpoint(log_.find(b), bytes), "session.checkpoint");
  }
  co_return true;
}

des::Process Session::copy_checkpoint(BoundaryPtr b, Bytes bytes) {
  // A boundary that is lost in the moment in which it closes is not copied, whichever event came
  // first.
  co_await m_.engine.delay(Duration::raw(1));
  if (b->check.cancelled) co_return;
  const Time began = m_.engine.now();
  out_.checkpointed += bytes;
  switch (s_.recovery.checkpoint) {
    case Checkpoint::cow_blocks:
      co_await m_.host.memory_flow(bytes * kReadAndWrite, BytesPerSecond::max());
      co_return;
    case Checkpoint::full_copy_device:
      co_await m_.device.memory_flow(bytes * kReadAndWrite, BytesPerSecond::max());
      break;
    case Checkpoint::full_copy_host:
      co_await m_.link.copy(Direction::to_host, bytes, HostMemory::pinned);
      break;
    case Checkpoint::recompute:
      break;
  }
  draw_on("checkpoints", "copy", began);
}

// Nothing is truncated: the effects of the boundary are undone one way or the other, and it stands.
des::Process Session::compensate(BoundaryPtr b) {
  const Time began = m_.engine.now();
  co_await m_.engine.delay(s_.recovery.compensation.time);
  ++out_.compensations;
  const auto draw = static_cast<std::uint64_t>(out_.compensations);
  if (!compensations_.bernoulli_at(draw, s_.recovery.compensation.success))
    ++out_.failed_compensations;
  draw_on("repair", "compensation " + std::to_string(b->index), began);
  if (b->check.cancelled || out_.aborted) co_return;
  commit(*b);
  wake();
}

// The device stops: at once, whatever it does.
des::Process Session::crashes() {
  const auto& crash = *s_.faults.device_crash;
  while (!over_) {
    const bool crashed =
        co_await crash_timer_.wait(verify::exponential_time(crashes_.uniform(), crash.every));
    if (!crashed || over_) co_return;
    crash_pending_ = true;
    restarted_.close();
    wake();
    co_await restarted_.wait();
  }
}

// The open boundary is lost, closed ones are known to the host; device memory is empty.
des::Task<> Session::restart() {
  des::Engine& engine = m_.engine;
  const Time began = engine.now();
  const auto& crash = *s_.faults.device_crash;
  note_exposure();
  if (!log_.empty() && !log_.newest_closed()) {
    const BoundaryPtr open = log_.find(log_.current());
    count_discarded(log_.discard_from(*open), *open);
    out_.token_at.resize(static_cast<std::size_t>(log_.tokens()));
  }
  for (bool down = true; down;) {
    ++out_.crashes;
    ++crashes_in_a_row_;
    rule_.crashed();
    const Duration next = verify::exponential_time(crashes_.uniform(), crash.every);
    down = next < crash.restart && crashes_in_a_row_ < kCrashesInARow;
    co_await engine.delay(std::min(next, crash.restart));
  }
  if (crashes_in_a_row_ >= kCrashesInARow) out_.aborted = true;
  log_repair("restart", began);
  draw_repair("crash and restart", began);
  const std::int64_t kept = s_.workload.prompt_tokens + log_.tokens();
  const Time restored = engine.now();
  if (restores_from_host())
    co_await m_.link.copy(Direction::to_device, context().kv_per_token * kept, HostMemory::pinned);
  else
    co_await recompute(kept);
  log_repair("restore", restored);
  corruption_.repaired();
  if (timing() == Timing::on_load) {
    Account again;
    co_await load_anchor(again);
  }
  book_repair(began);
  crash_pending_ = false;
  restarted_.open();
}

}  // namespace fieldsim::system
