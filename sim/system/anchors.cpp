#include "sim/system/anchors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/des/latch.hpp"
#include "sim/system/memory.hpp"

namespace fieldsim::system {

using serving::AnchorOutcome;
using serving::BlockTable;

namespace {
Scenario one_sequence(Scenario s) {
  s.workload.batch = 1;
  s.attention.kernel = attention::KernelKind::none;
  return s;
}

std::int64_t tokens_of_one(const Scenario& s) {
  return s.attention.anchor_tokens / s.anchors->per_request;
}
}  // namespace

// Room for what the batch holds; whether that fits beside weights and KV is memory_use()'s to say.
serving::PoolParams AnchorPath::pool_params(const Scenario& s) {
  const ProgramBuilder programs(s);
  serving::PoolParams p;
  p.block_tokens = s.attention.page_tokens;
  p.block_bytes = programs.kv_bytes_per_token() * p.block_tokens;
  const std::int64_t pages = (tokens_of_one(s) + p.block_tokens - 1) / p.block_tokens;
  p.device_blocks = pages * std::min(s.anchors->count, s.anchors->per_request * s.workload.batch);
  return p;
}

AnchorPath::AnchorPath(Machine& machine, const Scenario& s, verify::Verifier& verifier,
                       std::function<void(const verify::Check&)> on_check)
    : m_(machine),
      alone_(one_sequence(s)),
      programs_(alone_),
      stream_(machine.device, "anchor prefill",
              {.gap = s.hardware.gpu.launch.eager, .fast_forward = s.simulation.fast_forward}),
      stream_turn_(machine.engine, 1),
      pool_(pool_params(s)),
      cache_({machine.engine, machine.link, machine.host,
              s.verification.timing == verify::Timing::on_load ? &verifier : nullptr, pool_,
              s.anchors->index
                  ? &index_.emplace(serving::VectorIndex::Machine{machine.engine, machine.device,
                                                                  machine.link, machine.host},
                                    *s.anchors->index, s.hardware.gpu.launch.eager,
                                    s.simulation.fast_forward)
                  : nullptr,
              machine.tasks},
             options(std::move(on_check))),
      sets_(static_cast<std::size_t>(s.attention.shared_anchors ? 1 : s.workload.batch)) {
  require_room();
}

serving::AnchorCache::Options anchor_options(const Scenario& s) {
  serving::AnchorCache::Options o;
  o.params = *s.anchors;
  o.tokens = tokens_of_one(s);
  o.payload = payload_bytes(s, 0);
  if (s.verification.payload.kind == verify::PayloadKind::anchor_kv)
    o.payload = o.payload / o.params.per_request;  // of one anchor
  o.hashed_on_device = s.verification.hash.engine == verify::HashEngine::gpu_tree;
  o.ttl = s.verification.on_load.ttl;
  o.rehash = s.verification.on_load.rehash;
  o.revoked_every = s.faults.ledger.revoked_every;
  o.failure = s.faults.verdict_failure;
  o.retry_limit = s.recovery.retry_limit;
  return o;
}

serving::AnchorCache::Options AnchorPath::options(
    std::function<void(const verify::Check&)> on_check) {
  serving::AnchorCache::Options o = anchor_options(alone_);
  o.prefill = [this](std::int64_t tokens, hardware::Account& spent) {
    return prefill(tokens, spent);
  };
  o.on_check = std::move(on_check);
  return o;
}

void AnchorPath::require_room() const {
  if (!alone_.anchors->limit) return;
  std::set<std::int64_t> distinct;
  for (std::int64_t set = 0; set < static_cast<std::int64_t>(sets_.size()); ++set)
    for (std::int64_t i = 0; i < alone_.anchors->per_request; ++i)
      distinct.insert(cache_.wanted(set, i));
  const Bytes need = pool_.bytes(pool_.blocks_for(tokens_of_one(alone_))) *
                     static_cast<std::int64_t>(distinct.size());
  if (need > *alone_.anchors->limit)
    throw ConfigError({}, "anchors.limit",
                      fmt::format("{} B, but the batch holds {} distinct anchors at once, {} B of "
                                  "pages: give at least that, or fewer or smaller anchors",
                                  alone_.anchors->limit->count(), distinct.size(), need.count()));
}

des::Task<bool> AnchorPath::acquire(hardware::Account& spent) {
  std::vector<des::Task<>> sets;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(sets_.size()); ++i)
    sets.push_back(acquire_set(i));
  co_await des::all(m_.engine, std::move(sets));
  const auto last = std::max_element(sets_.begin(), sets_.end(),
                                     [](const Set& a, const Set& b) { return a.ready < b.ready; });
  spent += last->spent;
  co_return std::all_of(sets_.begin(), sets_.end(), [](const Set& s) { return s.good; });
}

des::Task<> AnchorPath::acquire_set(std::int64_t set) {
  Set& mine = sets_[static_cast<std::size_t>(set)];
  for (std::int64_t i = 0; i < alone_.anchors->per_request && mine.good; ++i) {
    BlockTable pages(serving::Holder::sequence, static_cast<std::uint64_t>(set));
    const AnchorOutcome outcome = co_await cache_.use(cache_.wanted(set, i), pages, mine.spent);
    SIM_CHECK(outcome != AnchorOutcome::no_room, "the batch's anchors outgrow their pool");
    mine.good = outcome != AnchorOutcome::failed;
    if (outcome == AnchorOutcome::ready) held_.push_back(std::move(pages));
  }
  mine.ready = m_.engine.now();
}

// One anchor's tokens, alone on a stream, in chunks as a prompt's.
des::Task<> AnchorPath::prefill(std::int64_t tokens, hardware::Account& spent) {
  co_await stream_turn_.acquire();
  for (std::int64_t before = 0; before < tokens;) {
    const std::int64_t chunk = std::min(alone_.workload.prefill_chunk, tokens - before);
    co_await stream_.run(programs_.prefill(chunk, before, false), spent);
    before += chunk;
  }
  stream_turn_.release();
}

}  // namespace fieldsim::system
