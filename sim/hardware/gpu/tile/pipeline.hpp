#pragma once
// What one CTA of a launch does, as spans on its SM's stages: for the trace and for `explain`.
#include <string>
#include <vector>

#include "sim/hardware/gpu/tile/engine.hpp"

namespace fieldsim::hardware::tile {

struct Span {
  std::string lane;           // "load", "tile", "ends"
  std::string name;           // "prologue", "tile 3", "KV 4", "epilogue"
  double start = 0, end = 0;  // us since the CTA started
};

// Loads run `stages` tiles ahead of their use; a tile starts when its load and the previous tile
// are done.
std::vector<Span> pipeline_of_cta(const Launch& launch, double steps, int stages);

}  // namespace fieldsim::hardware::tile
