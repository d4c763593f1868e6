#pragma once
// What a kernel asks of each resource, as the time that resource alone would need, us of the whole
// GPU. These are lower bounds that overlap; where a kernel's time goes is its Breakdown.
#include "sim/attention/tile/gemm.hpp"
#include "sim/attention/tile/plan.hpp"

namespace fieldsim::attention::tile {

struct Demand {
  double dram = 0;           // compulsory bytes at the datasheet rate
  double l2 = 0;             // the same bytes, and what CTAs re-read, through L2
  double matrix = 0;         // operations of whole tiles at the datasheet rate
  double softmax = 0;        // exponentials: 16 a clock and SM
  double shared_memory = 0;  // tile bytes in and out: 128 B a clock and SM
};

Demand demand(const AttentionPlan& plan, const AttentionCall& call, double dram_bytes,
              const hardware::tile::GpuShape& gpu);
Demand demand(const GemmCall& call, const GemmChoice& choice, const hardware::tile::GpuShape& gpu);
// An elementwise pass.
Demand demand(double bytes, const hardware::tile::GpuShape& gpu);

}  // namespace fieldsim::attention::tile
