#pragma once
// Closed forms of one check with every resource idle (docs/model.md, 7).
#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"
#include "sim/system/scenario.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::system {

inline constexpr std::int64_t kFp16Bytes = 2;     // an element before static INT8
inline constexpr Bytes kDigest = Bytes::raw(32);  // SHA-256

// One check by stage, all that Verifier::run does; `between` is the time from one ledger read to
// the next. hash_time is the check of a payload without a scheme.
hardware::Account check_time(const Scenario& scenario, const verify::Check& check,
                             Duration between);
hardware::Account hash_time(const Scenario& scenario, Bytes payload, Duration between);

// One copy to the host, and the wake-up after it.
Duration copy_time(const Scenario& scenario, Bytes bytes, bool pageable);
Duration synchronize(const Scenario& scenario);

}  // namespace fieldsim::system
