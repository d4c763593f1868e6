#pragma once
// Which agents' KV caches lie in device memory: admission first come first served, bounded by
// sequences and by blocks; paused caches stay until somebody needs the room. Admission reserves the
// blocks of the whole step beforehand, so a running sequence never runs out of memory.
#include <cstdint>
#include <deque>
#include <list>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/gate.hpp"
#include "sim/serving/block_pool.hpp"

namespace fieldsim::serving {

class Tenant {
 public:
  Tenant(des::Engine& engine, std::uint64_t content) : woken(engine), content_(content) {}
  des::Gate woken;                                         // opens when it is admitted
  std::int64_t cached() const { return table_.tokens(); }  // tokens with KV on the device or host
  bool running() const { return running_; }
  const BlockTable& table() const { return table_; }

 private:
  friend class Residency;
  BlockTable table_;
  std::uint64_t content_;
  std::int64_t wanted_ = 0;    // tokens, while it waits
  std::int64_t reserved_ = 0;  // blocks promised beyond the table's
  bool running_ = false, waiting_ = false, idle_ = false, swapped_ = false;
  std::list<Tenant*>::iterator place_;
};

class Residency {
 public:
  Residency(BlockPool& pool, std::int64_t sequences) : pool_(pool), free_places_(sequences) {}

  // Asks for a place and room for `tokens` in all; tenant.woken opens when running(). A swapped
  // cache comes back: returned bytes are for the link. REQUIRES: fits() and not running.
  void request(Tenant& t, std::int64_t tokens);
  void withdraw(Tenant& t);  // it no longer waits
  bool fits(std::int64_t tokens) const {
    return pool_.blocks_for(tokens) <= pool_.capacity(Place::device) - fixed_;
  }
  void set_fixed(std::int64_t blocks) { fixed_ = blocks; }  // anchors: never given to agents
  Bytes take_swapped(Tenant& t);                            // bytes that admission moved back, once

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

  std::int64_t waiting() const { return static_cast<std::int64_t>(queue_.size()); }
  std::int64_t evictions() const { return evictions_; }

 private:
  void serve();
  bool make_room(std::int64_t blocks, const Tenant* but);
  bool admit(Tenant& t);
  void release_place(Tenant& t);
  void unidle(Tenant& t);

  BlockPool& pool_;
  std::int64_t free_places_;
  std::int64_t reserved_ = 0, fixed_ = 0, host_aside_ = 0;
  std::deque<Tenant*> queue_;
  std::list<Tenant*> idle_;  // least recently used first
  std::int64_t evictions_ = 0;
};

}  // namespace fieldsim::serving
