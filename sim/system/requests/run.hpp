#pragma once
// A run of requests: a scenario with `workload.requests`. A request is an agent of one step, whose
// context is its prompt (sim/serving/agents); what is its own is how it gets memory and anchors.
#include <optional>

#include "sim/des/trace.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/serving/agents/world.hpp"
#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

// Throws ConfigError when nothing arrives, or when no request or not all pinned anchors fit.
Result simulate_requests(const Scenario& scenario, des::TraceSink* trace = nullptr,
                         recovery::AgentsRecord* record = nullptr,
                         recovery::Sabotage sabotage = recovery::Sabotage::none);

// --- for simulate_agents ---

// The stream, and memory as requests have it.
void serve_requests(const Scenario& scenario, serving::AgentsSetup& setup);

// Attention reads one anchor set for all sequences: always but for requests with several sets.
bool share_anchors(const Scenario& scenario);

// The cache that requests get their anchors from, in the same blocks as their KV. A load is checked
// before its first use under every timing that checks anything.
class RequestAnchors {
 public:
  RequestAnchors(const Scenario& scenario, serving::AgentsWorld& world);
  void add_to(Result& result) const;

 private:
  std::optional<serving::VectorIndex> index_;
  std::optional<serving::AnchorCache> cache_;
  serving::AgentsWorld& world_;
};

void add_requests(const Scenario& scenario, const serving::AgentsWorld& world, Duration elapsed,
                  Result& result);

}  // namespace fieldsim::system
