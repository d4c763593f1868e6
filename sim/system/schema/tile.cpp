// gpu.tile of a hardware file: one section for each operation, one key for each fitted number.
#include <set>

#include "sim/hardware/gpu/tile/params.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using hardware::TileNumbers;
using hardware::tile::Family;
using hardware::tile::Operation;
using hardware::tile::Parameter;

namespace {

void add(config::Schema<TileNumbers>& s, const Parameter& p, const std::string& key) {
  const std::string name = p.name;
  const std::string doc = "of the tile model; absent: the architecture's default";
  if (p.unit == "us")
    s.field(
        key, [name](TileNumbers& t) -> std::optional<Duration>& { return t.times[name]; }, doc);
  else if (p.unit == "1" ||
           p.unit == "ns")  // a few fs an element: below the clock of the simulation
    s.field(
        key, [name](TileNumbers& t) -> std::optional<double>& { return t.ratios[name]; }, doc);
  else
    s.field(
        key, [name](TileNumbers& t) -> std::optional<BytesPerSecond>& { return t.rates[name]; },
        doc);
}

}  // namespace

config::Schema<TileNumbers> tile_schema() {
  config::Schema<TileNumbers> tile("tile", "Fitted numbers of the tile model");
  for (Operation op : {Operation::decode, Operation::prefill, Operation::gemm, Operation::quantize,
                       Operation::scale}) {
    const std::string op_name = hardware::tile::name(op);
    config::Schema<TileNumbers> section(op_name, "numbers of " + op_name);
    std::set<std::string> known;
    for (Family family : {Family::ampere, Family::hopper, Family::blackwell})
      for (const Parameter& p : hardware::tile::parameters(op, family)) {
        const std::string key = p.name.substr(p.name.find('.') + 1);
        if (known.insert(key).second) add(section, p, key);
      }
    tile.section(
        op_name, [](TileNumbers& t) -> TileNumbers& { return t; }, section, "of " + op_name);
  }
  return tile;
}

}  // namespace fieldsim::system
