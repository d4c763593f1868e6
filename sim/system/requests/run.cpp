#include "sim/system/requests/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/requests/stream.hpp"
#include "sim/system/agents/run.hpp"
#include "sim/system/anchors.hpp"
#include "sim/system/warnings.hpp"

namespace fieldsim::system {

using serving::AgentsSetup;
using serving::AgentsWorld;
using serving::Request;
using verify::Timing;

namespace {

serving::AgentsParams one_step(const serving::RequestsParams& p, std::size_t count) {
  serving::AgentsParams a;
  a.count = static_cast<std::int64_t>(count);
  a.steps = 1;
  a.duration = p.duration;
  a.memory.objects = 1;
  a.memory.reads = a.memory.writes = Drawn<std::int64_t>::of(0);
  a.tool.probability = a.messages.probability = 0;
  a.max_running = p.max_running;
  a.paused_kv = serving::PausedKv::keep;
  a.host_kv = p.host_kv;
  return a;
}

std::vector<Request> stream_of(const Scenario& s) {
  return serving::request_stream(*s.workload.requests, s.workload.traced, s.seed);
}

// Blocks that so many anchors take.
std::int64_t blocks_of(std::int64_t anchors, const Scenario& s, const serving::PoolParams& pool) {
  const std::int64_t tokens = s.attention.anchor_tokens / s.anchors->per_request;
  return (tokens + pool.block_tokens - 1) / pool.block_tokens * anchors;
}

}  // namespace

bool share_anchors(const Scenario& s) {
  return !s.workload.requests || !s.anchors || s.anchors->count == s.anchors->per_request;
}

void serve_requests(const Scenario& s, AgentsSetup& a) {
  const auto& p = *s.workload.requests;
  a.serving = p;
  a.requests = stream_of(s);
  Bytes left = a.pool.block_bytes * a.pool.device_blocks;
  if (s.anchors) left += a.anchors;  // they lie among the blocks
  if (p.kv_memory && *p.kv_memory > left)
    throw ConfigError({}, "workload.requests.kv_memory",
                      fmt::format("{} B, but weights and anchors leave {} B of device memory",
                                  p.kv_memory->count(), left.count()));
  a.pool.device_blocks = p.kv_memory.value_or(left) / a.pool.block_bytes;
  if (p.preemption == serving::Preemption::swap)
    a.pool.host_blocks = p.host_kv / a.pool.block_bytes;
  if (s.anchors) {
    a.anchors = Bytes::zero();
    const bool all = s.anchors->pinned;  // what is pinned never makes room for another
    a.pinned_blocks = blocks_of(all ? s.anchors->count : s.anchors->per_request, s, a.pool);
    const Bytes least = a.pool.block_bytes * a.pinned_blocks;
    if (s.anchors->limit && *s.anchors->limit < least)
      throw ConfigError(
          {}, "anchors.limit",
          fmt::format("{} B, but {} anchors take {} B of pages", s.anchors->limit->count(),
                      all ? "all pinned" : "one request's", least.count()));
  }
  const std::int64_t block = a.pool.block_tokens;
  const auto fits = [&](const Request& r) {
    return (r.prompt + r.output + block - 1) / block <= a.pool.device_blocks - a.pinned_blocks;
  };
  if (std::none_of(a.requests.begin(), a.requests.end(), fits))
    throw ConfigError(
        {}, "workload.requests",
        fmt::format("no request fits: there is room for {} KV tokens beside weights and anchors",
                    std::max<std::int64_t>(0, a.pool.device_blocks - a.pinned_blocks) * block));
}

RequestAnchors::RequestAnchors(const Scenario& s, AgentsWorld& world) : world_(world) {
  const auto& m = world.machine;
  if (s.anchors->index)
    index_.emplace(serving::VectorIndex::Machine{m.engine, m.device, m.link, m.host},
                   *s.anchors->index, s.hardware.gpu.launch.eager, s.simulation.fast_forward);
  const Timing t = s.verification.timing;
  Scenario alone = s;
  alone.workload.batch = 1;
  serving::AnchorCache::Options o = anchor_options(alone);
  o.prefill = [&world](std::int64_t tokens, hardware::Account&) {
    return world.prefill_anchor(tokens);
  };
  o.room = [&world](std::int64_t blocks) { return world.residency.make_room(blocks); };
  cache_.emplace(
      serving::AnchorCache::Machine{
          m.engine, m.link, m.host,
          t == Timing::none || t == Timing::attested_tee ? nullptr : &world.verifier, world.pool,
          index_ ? &*index_ : nullptr},
      std::move(o));
  world.use_anchors(*cache_, s.anchors->per_request);
}

void RequestAnchors::add_to(Result& r) const {
  AnchorResult a;
  a.stats = cache_->stats();
  r.anchors = a;
  r.memory.anchors = world_.pool.bytes(world_.pool.peak(serving::Holder::anchor));
  // The most that blocks held at once, less the anchors' most.
  r.memory.kv = r.memory.total - r.memory.weights - r.memory.anchors;
}

Result simulate_requests(const Scenario& given, des::TraceSink* trace,
                         recovery::AgentsRecord* record, recovery::Sabotage sabotage) {
  Scenario s = given;
  const std::vector<Request> stream = stream_of(s);
  if (stream.empty())
    throw ConfigError({}, "workload.requests.duration",
                      "no request arrives in it: give a longer one, or a higher rate_scale");
  s.workload.agents = one_step(*s.workload.requests, stream.size());
  Result r = simulate_agents(s, trace, record, sabotage);
  r.requests->table_error = r.agents->table_error;
  r.agents.reset();
  r.warnings = warnings(given, r);
  return r;
}

}  // namespace fieldsim::system
