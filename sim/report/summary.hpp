#pragma once
// The summary a person reads after a run.
#include <string>
#include <vector>

#include "sim/system/load.hpp"
#include "sim/system/result.hpp"

namespace fieldsim::report {

std::string summary(const system::LoadedScenario& loaded, const system::Result& result);

// "1.25 ms", "43.3 us", "0": three significant digits and a unit.
std::string duration_text(double seconds);
// "49.2 GiB".
std::string bytes_text(double bytes);
// "  head: a, b,\n    c\n": a list in lines of at most 110 characters, where words allow.
std::string listed(const std::string& head, const std::vector<std::string>& words);
// "64,000".
std::string grouped(std::int64_t n);

}  // namespace fieldsim::report
