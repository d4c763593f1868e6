#pragma once
// The life of an anchor on the simulated machine:
//
//            retrieve -> fetch -> verify -> promote
//   absent ------------- loading ---------------> resident --- use ---> resident
//     ^                                            |   |
//     +------ evict (LRU, unpinned, unused) -------+   +-- ttl over: fetch, verify, promote anew
//                                                      +-- re-hash due: verify in device memory
//
// A resident anchor has pages of its own, shared by the requests that use it and never written
// (BlockPool). One load serves everybody who asks meanwhile. The ledger may revoke an anchor at any
// moment: the cache learns of it at its next check, and until then requests use what is revoked
// (docs/anchors.md, "Staleness").
// REQUIRES: no other user of the pool holds tables with Holder::anchor.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/process.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/pcie/link.hpp"
#include "sim/serving/anchor_params.hpp"
#include "sim/serving/block_pool.hpp"
#include "sim/serving/popularity.hpp"
#include "sim/serving/vector_index.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::serving {

enum class AnchorOutcome {
  ready,    // the request holds the anchor's pages
  missed,   // the index did not find it: the request goes on without
  failed,   // verification failed more often than the retry limit
  no_room,  // its pages do not fit beside what is in use: preempt, or give more memory
};

struct AnchorStats {
  std::int64_t uses = 0, hits = 0, misses = 0, joined = 0;  // joined: waited for another's load
  std::int64_t promotions = 0, refreshes = 0, rehashes = 0, evictions = 0;
  std::int64_t failures = 0, no_room = 0, not_found = 0;
  std::int64_t revoked_used = 0;      // uses of an anchor that the ledger had revoked by then
  std::int64_t revocations_seen = 0;  // found at a check; the next version is loaded
  Duration retrieve, fetch, verify, promote;
  Bytes scanned, fetched, verified, promoted;
};

class AnchorCache {
 public:
  struct Machine {
    des::Engine& engine;
    hardware::pcie::Link& link;
    hardware::Host& host;
    verify::Verifier* verifier;  // null: anchors are not verified when loaded
    BlockPool& pool;
    VectorIndex* index;  // null: finding an anchor takes no time
    hardware::TaskLog* tasks = nullptr;
  };
  struct Options {
    AnchorParams params;
    std::int64_t tokens = 0;  // of one anchor
    Bytes payload;            // hashed at a check of one anchor
    bool hashed_on_device = false;
    std::optional<Duration> ttl, rehash;
    std::optional<Duration> revoked_every;
    double failure = 0;  // probability that a check says no
    std::int64_t retry_limit = 3;
    std::function<des::Task<>(std::int64_t tokens, hardware::Account&)> prefill;
    std::function<void(const verify::Check&)> on_check;
    // Frees so many blocks beside what was promised to others; without it, make_room() does.
    std::function<bool(std::int64_t blocks)> room;
  };
  AnchorCache(Machine machine, Options options);

  // What one request does to get anchor `id`: `pages` shares its blocks until the caller releases
  // them. Time is booked as retrieve, promote (fetching and waiting for another's load included)
  // and the stages of the check.
  des::Task<AnchorOutcome> use(std::int64_t id, BlockTable& pages, hardware::Account& spent);

  // Frees device blocks by evicting anchors nobody uses, oldest first: a context that grows, or a
  // promotion. False when they do not suffice (what could be evicted has been).
  bool make_room(std::int64_t blocks);

  void evict_all();  // every anchor that nobody uses and nothing pins

  bool resident(std::int64_t id) const { return entry(id).state == State::resident; }
  std::int64_t resident_blocks() const { return resident_blocks_; }
  void for_each_table(const std::function<void(const BlockTable&)>& look) const {
    for (const auto& e : entries_) look(e->pages);
  }
  // The anchor of a use, by popularity. `draw` numbers the uses.
  std::int64_t pick(std::uint64_t draw) const;
  // The i-th anchor of a set: by popularity; one that the set has already gives way to the next.
  std::int64_t wanted(std::int64_t set, std::int64_t i) const;
  const AnchorStats& stats() const { return stats_; }

 private:
  enum class State { absent, loading, resident };
  struct Entry {
    explicit Entry(des::Engine& engine) : loaded(engine) {}
    State state = State::absent;
    BlockTable pages{Holder::anchor};
    Time verified, hashed;         // last found good
    std::uint64_t version = 0;     // loaded, or to be loaded next
    Time revoked = Time::never();  // of that version; what the ledger knows, not the cache
    std::int64_t checks = 0;
    des::Gate loaded;
  };

  Entry& entry(std::int64_t id) { return *entries_[static_cast<std::size_t>(id)]; }
  const Entry& entry(std::int64_t id) const { return *entries_[static_cast<std::size_t>(id)]; }
  des::Task<AnchorOutcome> ensure(std::int64_t id, hardware::Account& spent);
  des::Task<AnchorOutcome> load(std::int64_t id, hardware::Account& spent);
  des::Task<> fetch();
  des::Task<bool> check(std::int64_t id, bool in_device, hardware::Account& spent);
  des::Task<> promote();
  bool place(std::int64_t id);
  void drop(std::int64_t id);
  void publish(Entry& e, std::int64_t id);
  bool due(Time since, const std::optional<Duration>& period) const;
  Bytes transfer_bytes() const;
  void draw_span(std::int64_t id, const char* what, Time began);

  Machine m_;
  Options o_;
  Popularity popularity_;
  Bytes kv_;  // of one anchor
  std::vector<std::unique_ptr<Entry>> entries_;
  std::int64_t resident_blocks_ = 0;
  RandomStream picks_, verdicts_, revocations_;
  des::TrackId track_;
  AnchorStats stats_;
};

}  // namespace fieldsim::serving
