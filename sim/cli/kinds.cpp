#include "sim/cli/kinds.hpp"

#include "sim/report/claims.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/study/study.hpp"

namespace fieldsim::cli {

std::vector<Kind> kinds() {
  return {{"scenario", "scenarios", system::scenario_schema().share()},
          {"hardware", "hardware", system::hardware_schema().share()},
          {"host", "hardware/hosts", system::host_schema().share()},
          {"model", "models", system::model_file_schema().share()},
          {"claims", "claims", report::claims_schema()},
          {"study", "studies", system::study_schema()},
          {"scheme", "schemes", system::scheme_schema().share()}};
}

const Kind& kind_of(const std::vector<Kind>& all, const config::Value& root) {
  const auto has = [&](const char* key) { return root.find(key) != nullptr; };
  if (has("gpu") || has("link")) return all[1];
  if (has("sha256") || has("cores")) return all[2];
  if (has("hf_config")) return all[3];
  if (has("claims")) return all[4];
  if (has("vary") || has("base")) return all[5];
  if (has("guarantee") || has("prover") || has("evidence")) return all[6];
  return all[0];
}

}  // namespace fieldsim::cli
