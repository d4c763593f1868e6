#pragma once
// What an agents run found beyond the generic keys: the section `agents` of the result.
#include <array>
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/recovery/provenance.hpp"
#include "sim/serving/agents/activity.hpp"

namespace fieldsim::system {

struct Spread {  // s
  double mean = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
};

struct Conserved {
  std::int64_t generated = 0, committed = 0, discarded = 0, in_flight = 0;
};

using ByItem = std::array<std::int64_t, recovery::kItems>;  // tokens: boundaries

struct AgentsResult {
  std::int64_t agents = 0, finished = 0, aborted = 0, running_peak = 0;
  std::int64_t steps = 0;  // committed, with all they derive from
  double steps_per_hour = 0;
  double goodput = 0;  // committed tokens per second
  double raw = 0;      // generated tokens per second
  Conserved tokens, bytes, nanojoules;
  std::int64_t prefill_tokens = 0, reprefilled_tokens = 0, revalidated_tokens = 0;
  Spread token_commit, effect_commit, recovery_time;
  std::int64_t effects_read_only = 0, effects_compensatable = 0, effects_irreversible = 0;
  std::int64_t escaped_irreversible = 0, escaped_compensatable = 0;
  std::int64_t compensations = 0, duplicates_dropped = 0, outboxed = 0;
  std::int64_t false_positives = 0, missed = 0, tolerated = 0, tainted_tokens = 0;
  std::int64_t reads = 0, writes = 0, messages = 0, tombstones = 0;
  ByItem undone{}, orphans{};
  std::int64_t orphan_tokens = 0, orphan_agents = 0, agents_hit = 0;
  std::int64_t cascade_depth_max = 0, cascade_size_max = 0;
  double cascade_depth_mean = 0, cascade_size_mean = 0;  // of a rollback; size counts everything
  std::int64_t provenance_edges = 0;
  Bytes provenance_peak;
  double provenance_s = 0;
  std::int64_t evictions = 0, iterations = 0;
  double batch_mean = 0;  // sequences decoding in an iteration
  double device_busy = 0, prefill_share = 0;
  double displaced_s = 0;   // of the batch, by checks, copies and searches on the device
  Bytes swapped, restored;  // KV over the link: of paused agents, and after crashes
  std::int64_t refetches = 0, lost_caches = 0;
  std::int64_t uncopied = 0, throttled = 0;  // boundaries without room for a copy; waits for room
  std::int64_t index_rows = 0, index_dead_peak = 0, index_compactions = 0, index_missed = 0;
  double index_s = 0;  // in searches, of all agents
  double idle_j = 0;   // energy of the device while nothing runs, shared by nobody
  double table_error = 0;
  std::array<double, serving::kActivities> spent_s{};  // by all agents that had arrived
};

}  // namespace fieldsim::system
