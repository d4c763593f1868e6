#pragma once
// What a run of requests found beyond the generic keys: the section `requests` of the result.
// Times are in seconds, over completed requests.
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/system/agents/result.hpp"

namespace fieldsim::system {

struct RequestsResult {
  std::int64_t arrived = 0, completed = 0, in_flight = 0;
  std::int64_t refused = 0;   // need more KV than there is
  std::int64_t given_up = 0;  // retries used up
  std::int64_t longest = 0;   // prompt and output of one, tokens
  double elapsed = 0;
  double per_s = 0, prompt_per_s = 0, output_per_s = 0;  // completed; prefilled; committed
  Spread queue, ttft, tpot, e2e;    // to the first place; to tokens as they are made
  Spread first_released, released;  // arrival to the first and to the last token that is out
  Spread held;                      // a token, made to released
  bool has_slo = false;
  std::int64_t good = 0;  // completed within the objective
  double good_per_s = 0, good_tokens_per_s = 0;
  std::int64_t preemptions = 0, preempted = 0;  // requests that were, once or more
  std::int64_t recomputed_tokens = 0, retracted_tokens = 0;
  Bytes swapped_out, swapped_in;
  Conserved tokens;
  double in_system_mean = 0, queued_mean = 0;
  std::int64_t in_system_max = 0, queued_max = 0, running_max = 0;
  double running_mean = 0;  // decoding in an iteration
  std::int64_t blocks = 0, blocks_max = 0, blocks_at_end = 0, blocks_held_at_end = 0;
  double kv_utilization = 0;        // of the blocks, mean over time
  std::int64_t evicted_caches = 0;  // of requests that waited for a verdict
  std::int64_t iterations = 0, prefill_tokens = 0;
  double device_busy = 0, table_error = 0;
};

}  // namespace fieldsim::system
