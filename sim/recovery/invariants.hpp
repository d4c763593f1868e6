#pragma once
// An audit of a run's record against the invariants I1-I7, I9 and I10 of rollback-recovery
// (docs/agents.md lists them). I8, digests of the KV cache, is the block pool's own.
#include <string>
#include <vector>

#include "sim/recovery/record.hpp"

namespace fieldsim::recovery {

// One line each, the invariant's name first; empty when all hold. A policy that gives a guarantee
// up by its nature (an irreversible effect released at once) is not held to it. O(n log n).
std::vector<std::string> violations(const AgentsRecord& record);

// Planted faults, for tests of the audit itself; no scenario reaches them.
enum class Sabotage {
  none,
  orphan_left,         // one thing of a rollback's closure stays alive
  compensation_order,  // a saga undoes first what it did first
  leaked_block,        // an agent's KV blocks are not given back
  early_release,       // an irreversible effect does not wait for its verdict
  dirty_read,          // memories that are not verified are read whatever the visibility
  stale_read,          // an undone memory stays in its row
  effect_twice,        // the receiver does not know an idempotency key again
  lost_tokens,         // what an interrupted stretch made is in no account
};

}  // namespace fieldsim::recovery
