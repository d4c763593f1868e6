#pragma once
// What follows a failed verdict: another try after a wait, or what stands for one when tries are
// used up. A persistent fault always ends here (invariant I11).
#include <cstdint>

#include "sim/recovery/params.hpp"

namespace fieldsim::recovery {

enum class Next { retry, abort, pessimistic, tolerate };

// `failures` verdicts of one boundary have failed, this one included. Who degrades to stop and wait
// gets a second set of retries and no third.
Next after_failure(const RecoveryParams& params, std::int64_t failures, bool degraded);

// Before the retry that follows the given failure, 1 for the first: backoff * factor^(failure - 1),
// at most a day.
Duration backoff(const RetryParams& params, std::int64_t failure);

}  // namespace fieldsim::recovery
