#pragma once
// Compile-time shape of one instantiation and the swizzled shared-memory layout.
//
// A row of head_dim elements is cut into 16-byte chunks; chunk c of row r lies at position
// c ^ (r & 7). The eight rows that one ldmatrix phase reads then fall into eight different banks
// groups, and so do the copies that fill them. Row addresses are multiples of a row's bytes, so the
// XOR can be applied to the address itself: one LOP for an offset known at compile time.
#include "kernels/cuda/mutation.hpp"
#include "kernels/cuda/simt.cuh"
#include "kernels/tiling.hpp"

namespace fieldsim::kernels {

using prim::SmemAddr;

template <int kDim>
struct RowLayout {
  static constexpr int kRowBytes = kDim * kElementBytes;
  static constexpr int kChunks = kRowBytes / kCopyBytes;  // per row
  static constexpr int kRowsPerPass = 32 / kChunks;       // rows one warp copies at a time
  static constexpr int kPasses = kTokensPerStep / kRowsPerPass;
  static constexpr int kTileBytes = kTokensPerStep * kRowBytes;

  // Address of a chunk; row and chunk known at run time.
  static FIELDSIM_DEVICE SmemAddr at(SmemAddr tile, int row, int chunk) {
    return tile + static_cast<SmemAddr>(row * kRowBytes + ((chunk ^ (row & 7)) * kCopyBytes));
  }
  // The same row, `chunks` further on, where bits of `chunks` do not overlap the first chunk's.
  static FIELDSIM_DEVICE SmemAddr advance(SmemAddr address, int chunks) {
    const int low = chunks & 7;
    return (address ^ static_cast<SmemAddr>(low * kCopyBytes)) +
           static_cast<SmemAddr>((chunks - low) * kCopyBytes);
  }
};

// Row and chunk that a lane names in ldmatrix.x4, for the three fragment shapes in use.
struct LaneMap {
  // A (16x16) from row-major Q, and B (16 tokens x 16 dims, transposed) from V.
  static FIELDSIM_DEVICE int row16(int lane) { return lane & 15; }
  static FIELDSIM_DEVICE int chunk16(int lane) { return lane >> 4; }
  // B (16 dims x 16 tokens) from row-major K: two n8 tiles of tokens.
  static FIELDSIM_DEVICE int key_row(int lane) { return (lane & 7) + ((lane >> 4) << 3); }
  static FIELDSIM_DEVICE int key_chunk(int lane) { return (lane >> 3) & 1; }
};

constexpr Tiling find_tiling(int head_dim, int stages) {
  for (const Tiling& t : kFusedTilings)
    if (t.head_dim == head_dim && t.stages == stages) return t;
  return {};
}

// The numbers of a Tiling that device code needs, as constants of a type.
template <Tiling kTiling>
struct Shape {
  static constexpr int kStages = kTiling.stages;
  static constexpr int kArenaBytes = kTiling.arena_bytes();
  static constexpr int kFlagOffset = kTiling.arena_bytes() + kTiling.query_bytes();
  static constexpr bool kQueryHeld = kTiling.query_in_registers;
};
template <int kDim, int kStages>
using FusedShape = Shape<find_tiling(kDim, kStages)>;
template <int kDim>
using ScoresShape = Shape<scores_tiling(kDim)>;
template <int kDim>
using ValuesShape = Shape<values_tiling(kDim)>;

}  // namespace fieldsim::kernels
