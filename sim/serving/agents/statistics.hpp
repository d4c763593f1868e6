#pragma once
// What an agents run counts while it runs.
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"
#include "sim/recovery/provenance.hpp"
#include "sim/serving/agents/activity.hpp"

namespace fieldsim::serving {

struct Amount {  // of work: tokens generated, and the energy of everything done for them
  std::int64_t tokens = 0;
  std::int64_t energy = 0;  // nJ
  Amount& operator+=(const Amount& o) {
    tokens += o.tokens;
    energy += o.energy;
    return *this;
  }
};

struct Weighted {  // a duration that so many tokens share
  Duration value;
  std::int64_t weight = 1;
};

struct AgentsStatistics {
  Amount generated, committed, discarded, in_flight;
  std::int64_t steps = 0;  // committed
  std::int64_t boundaries = 0, verdicts = 0, failures = 0, false_positives = 0, missed = 0;
  std::int64_t tolerated = 0;  // boundaries accepted although their verdict was "no"
  std::int64_t tainted_tokens = 0;
  std::int64_t rollbacks = 0, agents_hit = 0, aborted = 0, finished = 0, window_max = 0;
  std::int64_t reprefilled = 0;  // tokens prefilled again: after rollbacks, eviction, compaction
  std::int64_t revalidated = 0;  // tokens replayed to see whether their inputs changed
  std::int64_t tombstones = 0, messages = 0, reads = 0, writes = 0, effects_outboxed = 0;
  std::int64_t cascade_depth_max = 0, cascade_size_max = 0;
  std::int64_t cascade_depth_sum = 0, cascade_size_sum = 0;
  std::array<std::int64_t, recovery::kItems> undone{};   // by class, the root included
  std::array<std::int64_t, recovery::kItems> orphans{};  // by class: derive from what was undone
  std::int64_t orphan_tokens = 0, orphan_agents = 0;
  std::vector<Weighted> token_commit;   // generated to released
  std::vector<Weighted> effect_commit;  // asked to applied
  std::vector<Duration> check_latency;  // closed to verdict
  std::vector<Duration> recovery_time;  // verdict to going on
  ActivityTimes spent{};                // of all agents
  Duration provenance;                  // of the host
  Bytes payload, evidence, retained_peak;
  hardware::Account checks;               // of all verdicts
  Bytes swapped, checkpointed, restored;  // over the link, or within the device
  std::int64_t revoked_boundaries = 0;    // committed on an anchor that was revoked
  std::int64_t refetches = 0, crashes = 0, lost_caches = 0;
  std::int64_t uncopied = 0;   // boundaries without a copy: no room
  std::int64_t throttled = 0;  // waits for room to keep what a boundary needs
  long double exposed_token_ps = 0;
  std::int64_t exposed_max = 0;
};

}  // namespace fieldsim::serving
