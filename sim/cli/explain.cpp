#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/report/explain_tile.hpp"
#include "sim/report/json.hpp"
#include "sim/report/trace.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::cli {

int explain_tile(const Options& o) {
  for (const std::string& path : {o.json, o.trace}) require_writable(path);
  const config::Catalogue catalogue;
  std::vector<std::string> settings = o.settings();
  settings.push_back("fidelity=tile");
  const system::LoadedScenario loaded = system::load_scenario(o.files.front(), catalogue, settings);
  const system::TileExplanation e = system::explain_tile(loaded.scenario);
  if (!o.trace.empty()) {
    report::ChromeTrace trace;
    report::draw_tiles(e, trace);
    write_output(o.trace, trace.json());
  }
  if (!o.json.empty()) write_output(o.json, report::text(report::tile_json(loaded, e)));
  if (o.json != "-" && o.trace != "-" && !o.quiet) print(report::tile_text(loaded, e));
  return 0;
}

int explain(const Options& o) {
  if (o.fidelity == "tile") return explain_tile(o);
  throw ConfigError({}, "--fidelity", "tile is the only level that explain takes apart");
}

}  // namespace fieldsim::cli
