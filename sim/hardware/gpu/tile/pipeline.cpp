#include "sim/hardware/gpu/tile/pipeline.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::tile {

std::vector<Span> pipeline_of_cta(const Launch& launch, double steps, int stages) {
  SIM_CHECK(stages >= 1 && steps >= 0, "a pipeline has at least one stage");
  // Half of the fixed cost comes before the first tile (set-up, Q), half after the last (merge, O).
  const double before = launch.cost.prologue / 2, after = launch.cost.prologue - before;
  const double total_steps = std::max(launch.grid.steps(), 1.0);
  // Time for one tile's bytes when all SMs stream: its share of the launch's bytes at the level's
  // rate, times the tiles that stream together.
  const double together = std::min(static_cast<double>(launch.grid.ctas()),
                                   static_cast<double>(launch.slots.sms * launch.slots.ctas));
  const double load = launch.bytes / total_steps / launch.level.rate * together;
  const auto tiles = static_cast<int>(std::ceil(steps));
  std::vector<Span> spans = {{"ends", "prologue", 0, before}};
  std::vector<double> used(static_cast<std::size_t>(tiles), 0.0);
  double loader = 0, unit = before;
  for (int i = 0; i < tiles; ++i) {
    const double share = std::min(1.0, steps - i);
    // A slot of the ring is free when the tile that used it is done.
    const double slot = i >= stages ? used[static_cast<std::size_t>(i - stages)] : before / 2;
    const double start = std::max(loader, slot);
    loader = start + load * share;
    const double begin = std::max(loader, unit);
    unit = begin + launch.cost.step * share;
    used[static_cast<std::size_t>(i)] = unit;
    spans.push_back({"load", "KV " + std::to_string(i), start, loader});
    spans.push_back({"tile", "tile " + std::to_string(i), begin, unit});
  }
  spans.push_back({"ends", "epilogue", unit, unit + after});
  return spans;
}

}  // namespace fieldsim::hardware::tile
