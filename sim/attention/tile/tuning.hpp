#pragma once
// A tiling chosen by hand or by search instead of by a library's rules: what a kernel tuned for one
// GPU does on another. Times are the tile engine's; a tile of other sizes than the fitted one costs
// in proportion to what it asks of an SM's units, and a fixed part for its barriers.
#include <vector>

#include "sim/attention/tile/sequence.hpp"

namespace fieldsim::attention::tile {

// mma_sync: warp-level products fed by cp.async, as written for sm_80; runs on every later part, at
// most at `gpu.compute.mma_sync` of its rate. newest: what the part's own generation brought
// (wgmma and TMA, tcgen05); on sm_80 to sm_89 the same as mma_sync.
enum class Instructions { mma_sync, newest };
const char* name(Instructions instructions);

struct Tuning {
  Instructions instructions = Instructions::mma_sync;
  std::int64_t rows = 64;      // packed queries of a CTA
  std::int64_t columns = 128;  // KV tokens of an inner iteration
  std::int64_t stages = 1;     // K and V pairs in shared memory
  std::int64_t splits = 1;     // of every request's and head's KV range

  bool operator==(const Tuning&) const = default;
};

struct TunedTime {
  bool fits = false;          // at least one CTA per SM
  Bytes over;                 // shared memory that one CTA asks for beyond its limit
  std::int64_t resident = 0;  // CTAs per SM
  std::int64_t ctas = 0;      // of the launch
  Bytes shared_memory;        // of one CTA
  Breakdown time;             // us; launch floor of the part, whatever the kernel
};

TunedTime predict(const AttentionCall& call, const Tuning& tuning, const Target& target);

// All tilings searched: every size that the instructions take, one to three stages, and split
// counts up to one CTA for each minimal piece of KV (decode only).
std::vector<Tuning> tunings(const AttentionCall& call, const Target& target,
                            Instructions instructions);

// The fastest of them on this part, and all that are within half a per cent of it, which is less
// than a measurement can tell; fastest first.
std::vector<Tuning> best(const AttentionCall& call, const Target& target,
                         const std::vector<Tuning>& candidates);

}  // namespace fieldsim::attention::tile
