#pragma once
// Runs something in a process of its own, so that a failed SIM_CHECK, which aborts, is a finding
// like any other.
#include <functional>
#include <string>

namespace fieldsim::test {

// What `body` returns, or "crash: " and the last line that it wrote to stderr.
std::string isolated(const std::function<std::string()>& body);

}  // namespace fieldsim::test
