#pragma once
// One point of a study: whether it is run at all, and its results.
#include <string>
#include <utility>
#include <vector>

#include "sim/report/study/run.hpp"

namespace fieldsim::report {

// Marks a line of the journal whose point is to be tried again.
inline constexpr const char* kFault = "fault";

// Names of the result JSON with their values, in its order, and `bound`.
using Flat = std::vector<std::pair<std::string, nlohmann::ordered_json>>;

// Clauses of `where` that need no result: points they leave out are not run.
class Inputs {
 public:
  explicit Inputs(const system::Points& points);
  bool any() const { return !clauses_.empty(); }
  bool keep(std::size_t point, const system::LoadedScenario& loaded) const;

 private:
  const system::Points& points_;
  std::vector<const system::Expression*> clauses_;
};

// Runs the scenario. Throws InternalError for a failed check of ours.
Flat results(const system::LoadedScenario& loaded, const StudyOptions& options);

}  // namespace fieldsim::report
