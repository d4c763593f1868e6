#include "sim/serving/anchor_cache.hpp"

#include <set>
#include <string>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/des/trace.hpp"

namespace fieldsim::serving {

using hardware::Account;
using hardware::Category;
using hardware::pcie::Direction;
using hardware::pcie::HostMemory;

namespace {
constexpr Bytes kTokenId = Bytes::raw(4);  // what a prefill needs of each anchor token
// Draws are indexed by (anchor, check or version), so that no use shifts another's.
constexpr std::uint64_t kDrawsPerAnchor = 1ull << 24;

std::uint64_t draw_index(std::int64_t id, std::uint64_t n) {
  return static_cast<std::uint64_t>(id) * kDrawsPerAnchor + n;
}
}  // namespace

AnchorCache::AnchorCache(Machine machine, Options options)
    : m_(machine),
      o_(std::move(options)),
      popularity_(o_.params.count, o_.params.zipf),
      kv_(m_.pool.params().block_bytes * o_.tokens / m_.pool.params().block_tokens),
      picks_(m_.engine.random("serving.anchor")),
      verdicts_(m_.engine.random("serving.anchor_verdict")),
      revocations_(m_.engine.random("serving.revocation")) {
  SIM_CHECK(o_.tokens > 0, "an anchor without tokens");
  for (std::int64_t id = 0; id < o_.params.count; ++id) {
    entries_.push_back(std::make_unique<Entry>(m_.engine));
    publish(*entries_.back(), id);
    if (m_.index != nullptr)
      m_.index->load(static_cast<std::uint64_t>(id), static_cast<std::uint64_t>(id));
  }
  if (auto* trace = m_.engine.trace()) track_ = trace->track("session", "anchors");
}

std::int64_t AnchorCache::pick(std::uint64_t draw) const {
  return popularity_.pick(picks_.uniform_at(draw));
}

std::int64_t AnchorCache::wanted(std::int64_t set, std::int64_t i) const {
  std::set<std::int64_t> taken;
  std::int64_t id = 0;
  for (std::int64_t j = 0; j <= i; ++j) {
    id = pick(static_cast<std::uint64_t>(set * o_.params.per_request + j));
    while (taken.count(id) > 0) id = (id + 1) % o_.params.count;
    taken.insert(id);
  }
  return id;
}

// Goes to the version that the ledger holds valid now, and draws when it will revoke that one.
void AnchorCache::publish(Entry& e, std::int64_t id) {
  if (!o_.revoked_every) return;
  const auto lifetime = [&](std::uint64_t version) {
    return Duration::raw(static_cast<std::int64_t>(revocations_.exponential_at(
        draw_index(id, version), static_cast<double>(o_.revoked_every->count()))));
  };
  if (e.revoked == Time::never()) e.revoked = m_.engine.now() + lifetime(e.version);
  while (e.revoked <= m_.engine.now()) e.revoked = e.revoked + lifetime(++e.version);
}

bool AnchorCache::due(Time since, const std::optional<Duration>& period) const {
  return m_.verifier != nullptr && period && m_.engine.now() - since >= *period;
}

Bytes AnchorCache::transfer_bytes() const {
  return o_.params.promote == Promote::copy_kv ? kv_ : kTokenId * o_.tokens;
}

des::Task<AnchorOutcome> AnchorCache::use(std::int64_t id, BlockTable& pages, Account& spent) {
  ++stats_.uses;
  if (m_.index != nullptr) {
    const Time began = m_.engine.now();
    const auto row = co_await m_.index->search(static_cast<std::uint64_t>(id), spent);
    stats_.retrieve += m_.engine.now() - began;
    stats_.scanned = m_.index->scanned();
    draw_span(id, "retrieve", began);
    if (!row) {
      ++stats_.not_found;
      co_return AnchorOutcome::missed;
    }
  }
  const AnchorOutcome outcome = co_await ensure(id, spent);
  if (outcome != AnchorOutcome::ready) co_return outcome;
  Entry& e = entry(id);
  if (e.revoked <= m_.engine.now()) ++stats_.revoked_used;
  m_.pool.touch(e.pages);
  pages = m_.pool.fork(e.pages, pages.holder(), pages.tag());
  co_return AnchorOutcome::ready;
}

// Until the anchor is resident and as fresh as the options ask.
des::Task<AnchorOutcome> AnchorCache::ensure(std::int64_t id, Account& spent) {
  Entry& e = entry(id);
  bool joined = false;
  while (e.state == State::loading) {
    if (!std::exchange(joined, true)) ++stats_.joined;
    const Time began = m_.engine.now();
    co_await e.loaded.wait();
    spent.add(Category::promote, m_.engine.now() - began);
  }
  if (e.state == State::resident && due(e.verified, o_.ttl)) {
    ++stats_.refreshes;
    drop(id);
    co_return co_await load(id, spent);
  }
  if (e.state == State::resident && due(e.hashed, o_.rehash)) {
    ++stats_.rehashes;
    e.state = State::loading;
    e.loaded.close();
    m_.pool.pin(e.pages);
    const bool good = co_await check(id, true, spent);
    m_.pool.unpin(e.pages);
    e.state = State::resident;
    e.loaded.open();
    if (good) co_return AnchorOutcome::ready;
    drop(id);
    co_return co_await load(id, spent);
  }
  if (e.state == State::resident) {
    ++(joined ? stats_.misses : stats_.hits);
    co_return AnchorOutcome::ready;
  }
  ++stats_.misses;
  co_return co_await load(id, spent);
}

des::Task<AnchorOutcome> AnchorCache::load(std::int64_t id, Account& spent) {
  Entry& e = entry(id);
  e.state = State::loading;
  e.loaded.close();
  AnchorOutcome outcome = AnchorOutcome::failed;
  for (std::int64_t attempt = 0; attempt <= o_.retry_limit; ++attempt) {
    const Time began = m_.engine.now();
    publish(e, id);
    co_await fetch();
    draw_span(id, "fetch", began);
    spent.add(Category::promote, m_.engine.now() - began);
    bool good = true;
    if (m_.verifier != nullptr && !o_.hashed_on_device) good = co_await check(id, false, spent);
    if (!good) continue;
    if (!place(id)) {
      ++stats_.no_room;
      outcome = AnchorOutcome::no_room;
      break;
    }
    m_.pool.pin(e.pages);  // until it is whole and found good
    const Time copying = m_.engine.now();
    co_await promote();
    draw_span(id, "promote", copying);
    spent.add(Category::promote, m_.engine.now() - copying);
    if (m_.verifier != nullptr && o_.hashed_on_device) good = co_await check(id, true, spent);
    if (good) {
      outcome = AnchorOutcome::ready;
      break;
    }
    m_.pool.unpin(e.pages);
    m_.pool.release(e.pages);
  }
  if (outcome == AnchorOutcome::ready) {
    e.state = State::resident;
    e.verified = e.hashed;
    resident_blocks_ += e.pages.size();
    if (!o_.params.pinned) m_.pool.unpin(e.pages);
  } else {
    e.state = State::absent;
  }
  e.loaded.open();
  co_return outcome;
}

des::Task<> AnchorCache::fetch() {
  const Time began = m_.engine.now();
  if (o_.params.fetch.from == FetchFrom::remote) {
    co_await m_.engine.delay(o_.params.fetch.latency);
    co_await m_.host.memory_flow(transfer_bytes(), o_.params.fetch.rate);
    stats_.fetched += transfer_bytes();
  }
  stats_.fetch += m_.engine.now() - began;
}

// One check: its cost, a verdict, and what the ledger's answer says of revocation.
des::Task<bool> AnchorCache::check(std::int64_t id, bool in_device, Account& spent) {
  Entry& e = entry(id);
  const Time began = m_.engine.now();
  verify::Check c;
  c.boundary = id;
  c.payload = o_.payload;
  c.trail = hardware::Trail(m_.tasks);
  if (in_device)
    co_await m_.verifier->run(c);
  else
    co_await m_.verifier->run_stored(c);
  spent.add(Category::stall, c.began - c.asked);  // the wait for a worker
  spent += c.spent;
  stats_.verify += m_.engine.now() - began;
  stats_.verified += c.payload;
  if (o_.on_check) o_.on_check(c);
  draw_span(id, in_device ? "re-verify" : "verify", began);
  const auto draw = draw_index(id, static_cast<std::uint64_t>(e.checks++));
  if (verdicts_.bernoulli_at(draw, o_.failure)) {
    ++stats_.failures;
    co_return false;
  }
  if (e.revoked <= m_.verifier->ledger().known()) {
    ++stats_.revocations_seen;
    co_return false;
  }
  e.hashed = m_.engine.now();
  co_return true;
}

// Pages for an anchor, evicting others if need be.
bool AnchorCache::place(std::int64_t id) {
  Entry& e = entry(id);
  const std::int64_t need = m_.pool.blocks_for(o_.tokens);
  if (o_.params.limit) {
    const std::int64_t most = *o_.params.limit / m_.pool.params().block_bytes;
    while (resident_blocks_ + need > most) {
      const auto victim = m_.pool.victim();
      if (!victim) return false;
      ++stats_.evictions;
      drop(static_cast<std::int64_t>(*victim));
    }
  }
  if (!(o_.room ? o_.room(need) : make_room(need))) return false;
  e.pages = BlockTable(Holder::anchor, static_cast<std::uint64_t>(id));
  return m_.pool.append(e.pages, o_.tokens, draw_index(id, e.version)).has_value();
}

des::Task<> AnchorCache::promote() {
  const Time began = m_.engine.now();
  if (o_.params.promote == Promote::copy_kv) {
    co_await m_.link.copy(Direction::to_device, kv_, HostMemory::pinned);
    stats_.promoted += kv_;
  } else {
    Account inside;
    co_await o_.prefill(o_.tokens, inside);
  }
  ++stats_.promotions;
  stats_.promote += m_.engine.now() - began;
}

bool AnchorCache::make_room(std::int64_t blocks) {
  while (m_.pool.free(Place::device) < blocks) {
    const auto victim = m_.pool.victim();
    if (!victim) return false;
    ++stats_.evictions;
    drop(static_cast<std::int64_t>(*victim));
  }
  return true;
}

void AnchorCache::evict_all() {
  while (const auto victim = m_.pool.victim()) {
    ++stats_.evictions;
    drop(static_cast<std::int64_t>(*victim));
  }
}

// The cache lets go; requests that share the pages keep them.
void AnchorCache::drop(std::int64_t id) {
  Entry& e = entry(id);
  SIM_CHECK(e.state == State::resident, "an anchor is dropped that is not resident");
  resident_blocks_ -= e.pages.size();
  if (o_.params.pinned) m_.pool.unpin(e.pages);
  m_.pool.release(e.pages);
  e.state = State::absent;
  if (auto* trace = m_.engine.trace())
    trace->span(track_, "evict " + std::to_string(id), m_.engine.now(), m_.engine.now());
}

void AnchorCache::draw_span(std::int64_t id, const char* what, Time began) {
  if (auto* trace = m_.engine.trace(); trace != nullptr && m_.engine.now() > began)
    trace->span(track_, what + (" " + std::to_string(id)), began, m_.engine.now());
}

}  // namespace fieldsim::serving
