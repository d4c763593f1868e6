#pragma once

namespace fieldsim::report {

inline constexpr const char* kVersion = FIELDSIM_VERSION;

}  // namespace fieldsim::report
