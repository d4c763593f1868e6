#pragma once
// The anchors of a chat: before its prefill each set is found, fetched, verified and promoted into
// pages that the batch holds to the end.
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/des/server.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/serving/anchor_cache.hpp"
#include "sim/serving/block_pool.hpp"
#include "sim/serving/vector_index.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// What a scenario says of its anchors' cache; whoever builds one adds how a prefill runs.
// REQUIRES: scenario.anchors, and attention.shared_anchors or a batch of one.
serving::AnchorCache::Options anchor_options(const Scenario& scenario);

class AnchorPath {
 public:
  // REQUIRES: scenario.anchors. `on_check` hears of every check. Throws ConfigError when the
  // anchors that the batch holds at once exceed anchors.limit.
  AnchorPath(Machine& machine, const Scenario& scenario, verify::Verifier& verifier,
             std::function<void(const verify::Check&)> on_check);
  AnchorPath(const AnchorPath&) = delete;
  AnchorPath& operator=(const AnchorPath&) = delete;

  // All sets side by side; `spent` gets the path of the one that is ready last. False when an
  // anchor failed its verification for good.
  des::Task<bool> acquire(hardware::Account& spent);

  const serving::AnchorStats& stats() const { return cache_.stats(); }
  Bytes resident() const { return pool_.bytes(cache_.resident_blocks()); }

 private:
  struct Set {
    hardware::Account spent;
    Time ready;
    bool good = true;
  };
  static serving::PoolParams pool_params(const Scenario& s);
  serving::AnchorCache::Options options(std::function<void(const verify::Check&)> on_check);
  des::Task<> acquire_set(std::int64_t set);
  des::Task<> prefill(std::int64_t tokens, hardware::Account& spent);
  void require_room() const;

  Machine& m_;
  Scenario alone_;  // one sequence without anchors: what a promoting prefill runs
  ProgramBuilder programs_;
  hardware::gpu::Stream stream_;
  des::Server stream_turn_;
  serving::BlockPool pool_;
  std::optional<serving::VectorIndex> index_;
  serving::AnchorCache cache_;
  std::vector<serving::BlockTable> held_;
  std::vector<Set> sets_;
};

}  // namespace fieldsim::system
