#pragma once
// What agent a does in step s: pure functions of (seed, a, s), so a step that is rolled back and
// every other policy meet the same work.
#include <cstdint>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/recovery/effects.hpp"
#include "sim/serving/agents/params.hpp"
#include "sim/serving/popularity.hpp"
#include "sim/serving/requests/params.hpp"

namespace fieldsim::serving {

class AgentsWorkload {
 public:
  // With `requests`, agent a is the a-th of them and does one step.
  AgentsWorkload(std::uint64_t seed, const AgentsParams& params,
                 const std::vector<Request>& requests = {});

  Duration between_arrivals(std::int64_t agent) const;                    // and the one before it
  std::int64_t context_tokens(std::int64_t agent) const;                  // at the start
  std::int64_t step_tokens(std::int64_t agent, std::int64_t step) const;  // at least 1
  std::int64_t reads(std::int64_t agent, std::int64_t step) const;
  std::int64_t read(std::int64_t agent, std::int64_t step, std::int64_t k) const;  // which memory
  std::int64_t writes(std::int64_t agent, std::int64_t step) const;
  std::int64_t written(std::int64_t agent, std::int64_t step, std::int64_t k) const;
  bool calls_tool(std::int64_t agent, std::int64_t step) const;
  recovery::EffectClass effect(std::int64_t agent, std::int64_t step) const;
  Duration tool_latency(std::int64_t agent, std::int64_t step) const;
  std::int64_t result_tokens(std::int64_t agent, std::int64_t step) const;
  bool sends(std::int64_t agent, std::int64_t step) const;
  std::int64_t recipient(std::int64_t agent, std::int64_t step) const;  // never the sender
  std::int64_t message_tokens(std::int64_t agent, std::int64_t step) const;
  Duration think(std::int64_t agent, std::int64_t step) const;
  double compensation(std::uint64_t key) const;  // uniform in (0, 1)
  double revalidation(std::uint64_t key) const;

  // The same in every attempt, different for every step of every agent.
  static std::uint64_t key(std::int64_t agent, std::int64_t step, std::int64_t k = 0);

 private:
  const AgentsParams p_;
  const std::vector<Request> requests_;
  Popularity readers_;
  RandomStream arrival_, step_, reads_, read_, writes_, written_, calls_, effect_, latency_,
      result_, sends_, recipient_, message_, think_, compensation_, revalidation_;
};

}  // namespace fieldsim::serving
