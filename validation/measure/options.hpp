#pragma once
// The command line of fieldsim-measure.
#include <string>
#include <vector>

#include "validation/measure/budget.hpp"

namespace fieldsim::measure {

struct Options {
  double budget_s = 450;  // under eight minutes with start-up and writing
  bool quick = false;     // 110 s
  bool help = false;
  bool list = false;              // print the groups and the matrix, measure nothing
  std::vector<std::string> only;  // groups; empty means all
  std::string out = "measured.json";
  int device = 0;
  bool wants(const std::string& group) const;
};

inline constexpr double kQuickSeconds = 110;
inline constexpr double kReserveSeconds = 5;

// Groups in the order they run, with their share of the time.
const std::vector<Budget::Group>& groups();

// False with a message that names the argument and what was expected.
bool parse_options(const std::vector<std::string>& arguments, Options* options, std::string* error);
std::string usage();

}  // namespace fieldsim::measure
