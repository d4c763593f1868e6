#include "sim/system/tile_params.hpp"

#include "sim/hardware/gpu/tile/shape.hpp"

namespace fieldsim::system {

using hardware::tile::Operation;

namespace {
constexpr double kPsPerMicrosecond = 1e6, kPerMicrosecond = 1e-6;

template <class Map>
auto given(const Map& map, const std::string& name) {
  const auto at = map.find(name);
  return at == map.end() ? typename Map::mapped_type() : at->second;
}
}  // namespace

hardware::tile::TileParams tile_params(const hardware::GpuParams& gpu) {
  const hardware::tile::GpuShape shape = hardware::tile::shape_of(gpu);
  hardware::tile::TileParams params = hardware::tile::default_params(shape);
  for (Operation op : {Operation::decode, Operation::prefill, Operation::gemm, Operation::quantize,
                       Operation::scale})
    for (const hardware::tile::Parameter& p : hardware::tile::parameters(op, shape.family)) {
      if (const auto t = given(gpu.tile.times, p.name))
        p.in(params) = static_cast<double>(t->count()) / kPsPerMicrosecond;
      if (const auto r = given(gpu.tile.ratios, p.name)) p.in(params) = *r;
      if (const auto r = given(gpu.tile.rates, p.name))
        p.in(params) = static_cast<double>(r->count()) * kPerMicrosecond;
    }
  return params;
}

bool has_tile_params(const hardware::GpuParams& gpu) {
  const auto any = [](const auto& map) {
    for (const auto& [name, value] : map)
      if (value) return true;
    return false;
  };
  return any(gpu.tile.times) || any(gpu.tile.ratios) || any(gpu.tile.rates);
}

}  // namespace fieldsim::system
