#pragma once
// Tile-level explanations for a person, a program and Perfetto.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/des/trace.hpp"
#include "sim/hardware/gpu/tile/shape.hpp"
#include "sim/system/explain_tile.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::report {

std::string tile_text(const system::LoadedScenario& loaded, const system::TileExplanation& e);
nlohmann::ordered_json tile_json(const system::LoadedScenario& loaded,
                                 const system::TileExplanation& e);

// The pipeline of one CTA of each tiled attention kernel of a decode step, and the CTAs on the
// first SMs. A launch of more than `most_tiles` tiles is left to its one CTA.
void draw_tiles(const system::TileExplanation& e, des::TraceSink& trace,
                double most_tiles = 200'000);

}  // namespace fieldsim::report
