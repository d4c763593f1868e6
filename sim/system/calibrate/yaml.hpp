#pragma once
// Fitted numbers as a hardware file takes them: value, uncertainty, rows and source.
#include <string>

#include "sim/system/calibrate/fit.hpp"

namespace fieldsim::calibrate {

// The lines of `tile:` below `gpu:`.
std::string tile_yaml(const Fitted& fitted, const hardware::tile::GpuShape& gpu,
                      const std::string& source);

// A `gpu.tile` map in YAML. `source`: which tables, for the source text. What was not identified
// keeps the architecture's default and says so.
std::string to_yaml(const Fitted& fitted, const hardware::tile::GpuShape& gpu,
                    const std::string& source);

}  // namespace fieldsim::calibrate
