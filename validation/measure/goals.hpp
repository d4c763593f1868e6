#pragma once
// The project's goals for a GPU, judged from a report's rows.
#include <string>
#include <vector>

#include "validation/measure/report.hpp"

namespace fieldsim::measure {

struct Goal {
  std::string name;
  bool measured = false;
  double value = 0, target = 0;
  bool at_least = true;  // value >= target; else value <= target
  bool met() const { return measured && (at_least ? value >= target : value <= target); }
};

// Shares of the measured copy bandwidth, and ratios of times against their bytes.
std::vector<Goal> goals(const Report& report);
std::string text_of(const std::vector<Goal>& goals);

}  // namespace fieldsim::measure
