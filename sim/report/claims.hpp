#pragma once
// Published claims beside what the simulator finds: under the claim's own assumptions, and
// corrected. configs/claims/*.yaml; each names scenarios and the number of their result JSON that
// answers it.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/catalogue.hpp"
#include "sim/config/schema_node.hpp"

namespace fieldsim::report {

// One number of one scenario: `metric` is a name such as throughput.tokens_per_s of its result, or
// an input such as hardware.gpu.sm.shared_memory (quantity.hpp).
struct Evidence {
  std::string scenario;
  std::string metric;
  std::vector<std::string> set;              // --set assignments over the scenario
  std::optional<std::string> over_scenario;  // divide by the same metric of this scenario
  std::optional<std::string> over_metric;    // divide by this metric (of over_scenario, if given)
  double scale = 1.0;                        // into the claim's unit
  // A search instead: the smallest whole number at `path` for which `metric` is at most `limit`.
  std::optional<std::string> smallest;
  std::int64_t from = 1, to = 1;
  double limit = 0.0;
};

struct Claim {
  std::string id;
  std::string claim;
  std::string source;
  double published = 0;
  std::string unit;
  bool at_most = false;     // the claim is a bound: "under 5 %"
  double tolerance = 0.05;  // relative, for "reproduced" and for "holds"
  Evidence reproduced;
  std::optional<Evidence> corrected;
  std::string note;  // what the correction is
};

config::NodePtr claims_schema();
std::vector<Claim> load_claims(const config::Catalogue& catalogue);

// [{id, claim, published, reproduced, corrected, unit, verdict, run, scenario, ...}]; only the
// given ids, or all. Throws ConfigError for an unknown id.
nlohmann::ordered_json reproduce(const std::vector<std::string>& ids,
                                 const config::Catalogue& catalogue);
std::string claims_text(const nlohmann::ordered_json& claims);

}  // namespace fieldsim::report
