#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/report/claims.hpp"
#include "sim/report/json.hpp"

namespace fieldsim::cli {

int reproduce(const Options& o) {
  require_writable(o.json);
  const config::Catalogue catalogue;
  const nlohmann::ordered_json claims = report::reproduce(o.files, catalogue);
  if (!o.json.empty()) write_output(o.json, report::text(claims));
  if (o.json != "-" && !o.quiet) print(report::claims_text(claims));
  return 0;
}

}  // namespace fieldsim::cli
