#pragma once
// Many random scenarios, and what is done with the first one that breaks a law.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/value.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::test {

using recovery::Sabotage;

// A kind of scenario: how one is drawn, and what its run breaks, a line each, "law: text". Both are
// functions of their arguments alone.
struct Family {
  std::function<config::Value(std::uint64_t seed)> draw;
  std::function<std::vector<std::string>(const system::LoadedScenario&, Sabotage)> broken;
};
const Family& agents();

struct Finding {
  std::uint64_t seed = 0;
  std::string violation;  // of the shrunk file
  config::Value tree;     // shrunk
  std::string path;       // where it lies, build/<preset>/failing/...
  int tried = 0;          // by shrinking
};

// Runs seeds first ... first + count - 1 and stops at the first that fails.
std::optional<Finding> first_finding(const Family& family, const std::string& name,
                                     std::uint64_t first, std::uint64_t count,
                                     Sabotage sabotage = Sabotage::none,
                                     const std::string& kind = "");  // only this law, "I2"

// Loads the text as a file, as `fieldsim run` would, and runs it in a process of its own. Empty
// when all holds, else the first broken law, of that kind if one is given; "invalid: ..." when the
// scenario does not load.
std::string verdict(const Family& family, const std::string& yaml,
                    Sabotage sabotage = Sabotage::none, const std::string& kind = "");
// "I7", "crash", ...: what stands before the colon. Shrinking keeps it.
std::string kind_of(const std::string& verdict);

// The text of a failed test: what is wrong, the file and how to run it.
std::string report(const Finding& finding);

// What the environment variable says, if it is set: FIELDSIM_CASES, FIELDSIM_SEED.
std::uint64_t number_or(const char* variable, std::uint64_t otherwise);

}  // namespace fieldsim::test
