#pragma once
// Row-wise passes around the products: norms, rotation, activation, softmax, merges. One CTA per
// row, as vLLM's kernels have it (csrc/layernorm_kernels.cu, csrc/activation_kernels.cu). Their SM
// costs are those measured on quantisation, a pass of the same shape: assumed to carry over per
// byte.
#include <cstdint>

#include "sim/attention/tile/quantize.hpp"

namespace fieldsim::attention::tile {

struct ElementwiseCall {
  std::int64_t rows = 1;
  double bytes = 0;  // read and written by one launch
  bool cold = false;
};

// One launch.
QuantizeTime elementwise_time(const ElementwiseCall& call, const hardware::tile::GpuShape& gpu,
                              const hardware::tile::QuantizeParams& params);

}  // namespace fieldsim::attention::tile
