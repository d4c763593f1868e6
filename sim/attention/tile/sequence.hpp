#pragma once
// The launch sequence of one attention layer on the tile engine: the kernels of attention::cost(),
// one to one, with the time of each. Prefill, and decode without anchors, run the serving library's
// kernels (FlashAttention, TensorRT-LLM); decode with anchors runs ours. KV is not in L2: a layer
// of a real step finds other layers' data there.
#include <string>
#include <vector>

#include "sim/attention/cost.hpp"
#include "sim/attention/tile/attention.hpp"
#include "sim/attention/tile/demand.hpp"
#include "sim/attention/tile/gemm.hpp"
#include "sim/attention/tile/quantize.hpp"

namespace fieldsim::attention::tile {

// A GPU to predict for.
struct Target {
  hardware::tile::GpuShape shape;
  hardware::tile::TileParams params;
  std::string architecture;
};

struct SequenceKernel {
  const char* name = "";
  Breakdown time;                 // us, of all its launches
  double dram_bytes = 0;          // that device memory moves, at least; the rest comes from L2
  hardware::tile::Launch launch;  // of a tiled kernel: its CTAs; else without runs
  int stages = 0;                 // of a tiled kernel's ring
  Demand demand;                  // of all its launches
  std::string tiling;             // "16 x 64 tiles, 2 CTAs per SM, 8 splits"
};

// Throws ConfigError for what no kernel is described for: latent attention, head sizes that our
// kernel is not compiled for, a tile that does not fit in shared memory (by how many bytes, and
// which would).
std::vector<SequenceKernel> sequence(const Problem& problem, const Target& target);

// Whether the write of new K and V into the cache is part of the sequence's times.
bool writes_cache(KernelKind kind);

std::string tiling(const GemmChoice& choice);
Breakdown breakdown(const GemmChoice& choice);
Breakdown breakdown(const QuantizeTime& time);
Breakdown operator*(Breakdown b, double n);
Demand operator*(Demand d, double n);

}  // namespace fieldsim::attention::tile
