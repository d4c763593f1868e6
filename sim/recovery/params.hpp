#pragma once
// What a scenario says under `recovery`: how much a failed verdict undoes, and when output counts.
#include <cstdint>

#include "sim/base/units.hpp"

namespace fieldsim::recovery {

enum class Rollback {
  suffix,  // truncate to the last verified boundary and generate again
};

enum class OutputCommit {
  hold_until_verified,     // a token is released with its boundary's verdict
  stream_with_retraction,  // released when generated; a rollback retracts
};

struct RecoveryParams {
  Rollback rollback = Rollback::suffix;
  std::int64_t retry_limit = 3;  // of one boundary; then the run aborts
  OutputCommit output_commit = OutputCommit::hold_until_verified;
  Duration truncate = Duration::raw(5'000'000);  // block-table update, 5 us (assumed)
};

}  // namespace fieldsim::recovery
