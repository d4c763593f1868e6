#pragma once
// Many random scenarios, and what is done with the first one that breaks a law.
#include <cstdint>
#include <optional>
#include <string>

#include "sim/config/value.hpp"
#include "sim/recovery/invariants.hpp"

namespace fieldsim::test {

struct Finding {
  std::uint64_t seed = 0;
  std::string violation;  // of the shrunk file
  config::Value tree;     // shrunk
  std::string path;       // where it lies, build/<preset>/failing/...
  int tried = 0;          // by shrinking
};

// Runs seeds first ... first + count - 1 and stops at the first that fails.
std::optional<Finding> first_finding(
    const std::string& name, std::uint64_t first, std::uint64_t count,
    recovery::Sabotage sabotage = recovery::Sabotage::none,
    const std::string& kind = "");  // only this invariant, "I2"; empty: any

// The text of a failed test: what is wrong, the file and how to run it.
std::string report(const Finding& finding);

// What the environment variable says, if it is set: FIELDSIM_CASES, FIELDSIM_SEED.
std::uint64_t number_or(const char* variable, std::uint64_t otherwise);

}  // namespace fieldsim::test
