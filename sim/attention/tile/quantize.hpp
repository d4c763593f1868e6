#pragma once
// Elementwise quantisation of a row-major [rows, columns] 16-bit matrix to 8 bits, one CTA per row,
// and the reduction that finds a dynamic scale per row.
#include <cstdint>

#include "sim/hardware/gpu/tile/engine.hpp"
#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::attention::tile {

struct QuantizeCall {
  std::int64_t rows = 1, columns = 1;
  bool cold = false;
};

struct QuantizeTime {
  double total = 0, launch = 0, sm = 0, memory = 0;  // us
};

QuantizeTime quantize_time(const QuantizeCall& call, const hardware::tile::GpuShape& gpu,
                           const hardware::tile::QuantizeParams& params);

// With a dynamic scale per row: each row is read twice, with a reduction between.
QuantizeTime dynamic_quantize_time(const QuantizeCall& call, const hardware::tile::GpuShape& gpu,
                                   const hardware::tile::QuantizeParams& params);

}  // namespace fieldsim::attention::tile
