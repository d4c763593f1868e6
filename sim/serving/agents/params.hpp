#pragma once
// What a scenario says under `workload.agents`: long-horizon agents that read memories, generate,
// call tools with effects on the world, write memories and talk to each other. Members are the
// keys; a distribution is drawn once for each agent and step, the same under every policy.
#include <cstdint>
#include <optional>

#include "sim/base/distribution.hpp"
#include "sim/base/units.hpp"
#include "sim/serving/knn_cost.hpp"

namespace fieldsim::serving {

// Shares of tool calls; they sum to 1.
struct EffectsMix {
  double read_only = 0.80;
  double compensatable = 0.15;
  double irreversible = 0.05;
};

struct ToolParams {
  double probability = 0.5;  // that a step calls one
  Drawn<Duration> latency = Drawn<Duration>::of(Duration::raw(2 * kPsPerSecond));
  Drawn<std::int64_t> result_tokens = Drawn<std::int64_t>::of(200);
  EffectsMix effects;
};

struct MessageParams {
  double probability = 0.0;  // that a step sends one, to an agent picked at random
  Drawn<std::int64_t> tokens = Drawn<std::int64_t>::of(100);
};

struct MemoryParams {
  std::int64_t objects = 10'000;  // of the pool that all agents share
  double skew = 0.8;              // share of rank i ~ 1 / i^skew; 0 is uniform
  std::int64_t tokens = 128;      // that one read adds to the context
  Drawn<std::int64_t> reads = Drawn<std::int64_t>::of(2);   // of a step
  Drawn<std::int64_t> writes = Drawn<std::int64_t>::of(1);  // of a step
  Duration read_time = Duration::raw(2'000'000'000);        // one retrieval, 2 ms (assumed)
  std::optional<IndexParams> index;  // instead: searched on the machine; `objects` are its rows
  double compact_at = 0.2;           // share of dead rows (Milvus' default threshold)
  Duration tombstone_time = Duration::raw(1'000'000'000);  // marking one row, 1 ms (assumed)
};

// What becomes of the KV cache of an agent that waits for a tool or thinks.
enum class PausedKv {
  keep,  // stays until somebody else needs the room, then is dropped, least recently used first
  drop,  // given back at once; prefilled again
  swap,  // moved to host memory over the link, and back
};

struct AgentsParams {
  std::int64_t count = 100;
  Drawn<Duration> arrival = Drawn<Duration>::of(Duration::zero());  // between two
  std::optional<Duration> duration;     // the run ends here; what is then open is in flight
  std::optional<std::int64_t> steps;    // of each agent, which then ends
  std::int64_t context_tokens = 2048;   // at the start, and after compaction
  std::int64_t context_limit = 16'384;  // a step that begins above it compacts first
  Drawn<std::int64_t> step_tokens = Drawn<std::int64_t>::of(128);
  MemoryParams memory;
  ToolParams tool;
  MessageParams messages;
  Drawn<Duration> think = Drawn<Duration>::of(Duration::zero());
  std::int64_t max_running = 256;  // sequences in one iteration
  PausedKv paused_kv = PausedKv::keep;
  Bytes host_kv = Bytes::raw(std::int64_t{1} << 40);  // host memory for swapped caches (assumed)
};

}  // namespace fieldsim::serving
