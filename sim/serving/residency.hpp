#pragma once
// Whose KV caches lie in device memory: admission in order, bounded by sequences and by blocks;
// paused caches stay until somebody needs the room. A sequence that asked for all that it will need
// never runs out of memory. One that asked for less grows, block by block, and when there is none
// left the running sequence that came last must go (vLLM: Kwon et al., SOSP'23, section 4.5).
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/gate.hpp"
#include "sim/serving/block_pool.hpp"

namespace fieldsim::serving {

class Tenant {
 public:
  // With a rank it is served before later ones, however often it comes back; without, in the order
  // in which it asks.
  Tenant(des::Engine& engine, std::uint64_t content, std::optional<std::uint64_t> rank = {})
      : woken(engine), content_(content), rank_(rank) {}
  des::Gate woken;                // opens when it is admitted, has grown, or must go
  std::vector<BlockTable> pages;  // of others, shared while it has its place
  std::function<void()> must_go;  // an earlier sequence needs its room: see leaving()
  std::int64_t cached() const { return table_.tokens(); }  // tokens with KV on the device or host
  bool running() const { return running_; }
  bool leaving() const { return leaving_; }  // asked to go, and still in its place
  const BlockTable& table() const { return table_; }

 private:
  friend class Residency;
  BlockTable table_;
  std::uint64_t content_;
  std::optional<std::uint64_t> rank_;
  std::uint64_t order_ = 0;
  std::int64_t wanted_ = 0;    // tokens, while it waits
  std::int64_t reserved_ = 0;  // blocks promised beyond the table's
  bool running_ = false, waiting_ = false, idle_ = false, swapped_ = false, leaving_ = false;
  std::list<Tenant*>::iterator place_;
};

class Residency {
 public:
  // `watermark` blocks stay free when a sequence is admitted beside others.
  Residency(BlockPool& pool, std::int64_t sequences, std::int64_t watermark = 0)
      : pool_(pool), free_places_(sequences), watermark_(watermark) {}

  // Asks for a place and room for `tokens` in all; tenant.woken opens when running(). A swapped
  // cache comes back: returned bytes are for the link. REQUIRES: fits() and not running.
  void request(Tenant& t, std::int64_t tokens);
  void withdraw(Tenant& t);  // it no longer waits
  bool fits(std::int64_t tokens) const {
    return pool_.blocks_for(tokens) <= pool_.capacity(Place::device) - fixed_;
  }
  void set_fixed(std::int64_t blocks) { fixed_ = blocks; }  // anchors: never given to agents
  Bytes take_swapped(Tenant& t);                            // bytes that admission moved back, once

  // Room for `tokens` in all. When false, ask again after tenant.woken, unless leaving().
  // REQUIRES: running.
  bool grow(Tenant& t, std::int64_t tokens);
  // Frees device blocks beyond those promised: first what `others` give up, then paused caches.
  bool make_room(std::int64_t blocks, const Tenant* self = nullptr);
  // A cache of anchors, asked to leave so many blocks free; the blocks that it could give up.
  struct Others {
    std::function<void(std::int64_t free)> make_room;
    std::function<std::int64_t()> evictable;
  };
  void share_with(Others others) { others_ = std::move(others); }

  void append(Tenant& t, std::int64_t tokens);    // REQUIRES: running, within what was asked
  void truncate(Tenant& t, std::int64_t tokens);  // no-op when it holds no more than that
  bool lose(Tenant& t);  // device memory is gone: what lies on the host stays; whether it had any
  // The sequence pauses: its place goes to the next, its cache stays, goes, or moves to the host.
  void keep(Tenant& t);
  void drop(Tenant& t);
  Bytes swap(Tenant& t);  // bytes for the link; drops when the host has no room
  void leave(Tenant& t, bool leak = false);

  // Room for state that is no cache: copies on the device take that of paused caches, and stay
  // outside what is promised; false, and no change, when there is none. On the host it is counted
  // only: swapped caches get what is left.
  bool set_aside(Bytes bytes);
  void give_back(Bytes bytes);
  void set_host_aside(Bytes bytes) { host_aside_ = pool_.blocks_for_bytes(bytes); }

  bool alone(const Tenant& t) const { return t.running_ && running_.size() == 1; }
  void let_go_of_pages(Tenant& t);  // those of others that it shares
  std::int64_t waiting() const { return static_cast<std::int64_t>(queue_.size()); }
  std::int64_t promised() const { return reserved_; }  // blocks, beyond those in use
  // Opened when a sequence left, or gave a place with shared pages back, or a copy went.
  des::Gate* released = nullptr;
  std::int64_t evictions() const { return evictions_; }

 private:
  void serve();
  bool admit(Tenant& t);
  void press();
  void release_place(Tenant& t);
  void unidle(Tenant& t);

  BlockPool& pool_;
  std::int64_t free_places_;
  std::int64_t reserved_ = 0, fixed_ = 0, host_aside_ = 0;
  std::int64_t watermark_;
  std::uint64_t next_order_ = 0;
  std::deque<Tenant*> queue_;                 // by order
  std::map<std::uint64_t, Tenant*> running_;  // by order
  std::map<std::uint64_t, Tenant*> growing_;  // of them, those that lack room
  std::list<Tenant*> idle_;                   // least recently used first
  std::int64_t idle_blocks_ = 0;              // of them, on the device
  std::int64_t evictions_ = 0, leaving_ = 0;
  Others others_;
};

}  // namespace fieldsim::serving
