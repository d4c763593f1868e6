#pragma once
// Greedy shrinking of a failing file: keys are taken away, so that they fall back to their
// defaults, and numbers are halved, as long as the file still fails. Hypothesis' rule, MacIver &
// Donaldson, ECOOP 2020: the same kind of failure, one step at a time, until no step is left.
#include <functional>
#include <string>

#include "sim/config/value.hpp"

namespace fieldsim::test {

struct Shrunk {
  config::Value tree;
  int tried = 0;
};

// REQUIRES: fails(tree). `fails` must be deterministic; a file that does not load does not fail.
Shrunk shrink(config::Value tree, const std::function<bool(const config::Value&)>& fails);

// Writes <build>/failing/<name>.yaml and returns its path. `why` becomes a comment at its head.
std::string keep_failing(const std::string& name, const config::Value& tree,
                         const std::string& why);

}  // namespace fieldsim::test
