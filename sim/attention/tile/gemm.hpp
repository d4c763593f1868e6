#pragma once
// Dense 16-bit C[m,n] = A[m,k] B[k,n] of the vendor library: for every tile and split-K it has, the
// time of that kernel on the engine; the library's choice is taken to be the fastest. `groups`
// equal products with operands of their own (experts, heads) are one launch: their CTAs share its
// waves.
#include <cstdint>

#include "sim/hardware/gpu/tile/engine.hpp"
#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::attention::tile {

struct GemmCall {
  std::int64_t m = 1, n = 1, k = 1;
  std::int64_t weight_copies = 1;  // distinct B buffers that are cycled through (the tables: 6)
  bool cold = false;               // nothing is in L2 (a layer of a real step)
  std::int64_t groups = 1;
  double output_element = 2;  // bytes of an element of C; 4 where scores leave as FP32
};

struct GemmChoice {
  std::int64_t tile_m = 0, tile_n = 0, split_k = 1;
  std::int64_t waves = 0;  // CTAs on the busiest SM
  double total = 0;        // us, with the launch
  double pipe = 0;         // k steps on the busiest SM
  double memory = 0;       // compulsory bytes
  double ends = 0;         // prologues and epilogues
  double split = 0;        // second pass of split-K
  double launch = 0;
};

GemmChoice gemm_time(const GemmCall& call, const hardware::tile::GpuShape& gpu,
                     const hardware::tile::GemmParams& params);

}  // namespace fieldsim::attention::tile
