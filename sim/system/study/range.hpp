#pragma once
// The values of one varied path, written out: a list, or
//   {linear: [a, b, n]}   n values, evenly spaced, both ends included
//   {log: [a, b, n]}      n values, evenly spaced ratios
//   {log2: [a, b]}        a, 2a, 4a, ... up to b
//   {draws: n}            of `seed` only: n consecutive seeds
//   {uniform: [a, b], draws: n}, {log_uniform: [a, b], draws: n}, {normal: [mean, sd], draws: n}
// Ends carry the path's unit. Counts and quantities are rounded to whole base units, and neighbours
// that become equal appear once (draws: every time); ratios keep 12 significant digits, so that the
// last bit of a library's logarithm does not show.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/config/schema_node.hpp"

namespace fieldsim::system {

inline constexpr std::int64_t kMostValues = 10'000'000;  // of one path, and points of a study

struct RangeContext {
  const config::SchemaNode& node;  // of the path
  std::string path;
  std::uint64_t seed = 1;  // draws are a function of it, the path and their number
};

bool is_range(const config::Value& spec);

// Scalars as a file would have them, placed where the spec is. Appends problems; empty then.
std::vector<config::Value> range_values(const config::Value& spec, const RangeContext& context,
                                        std::vector<Problem>& problems);

}  // namespace fieldsim::system
