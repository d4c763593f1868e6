#pragma once
// Random streams of requests, small and fast, drawn from all policies: as the tree of a file.
#include <cstdint>

#include "sim/config/value.hpp"

namespace fieldsim::test {

// The same seed gives the same scenario, which takes that seed itself.
config::Value random_requests(std::uint64_t seed);

}  // namespace fieldsim::test
