#pragma once
// From four warps' states to a result: merge them in shared memory, write the output or a partial,
// announce the partial, and let the last arriver of a tile combine its slots.
//
// Slots are combined in index order whoever arrives last, so the result does not depend on timing.
#include "kernels/cuda/params.hpp"
#include "kernels/cuda/shape.cuh"

namespace fieldsim::kernels {

using prim::Float2;
using prim::Float4;

inline constexpr float kLn2 = 0.69314718055994530942f;

// Unnormalised result: acc = sum w v, l = sum w, both relative to 2^m.
struct Partial {
  Float4 acc{0.0f, 0.0f, 0.0f, 0.0f};  // four of the row's columns
  float m = -INFINITY;
  float l = 0.0f;
};

FIELDSIM_DEVICE float finite_base(float m) { return m == -INFINITY ? 0.0f : m; }

FIELDSIM_DEVICE void add_scaled(Float4& acc, const Float4& v, float f) {
  acc.x += f * v.x;
  acc.y += f * v.y;
  acc.z += f * v.z;
  acc.w += f * v.w;
}

// A sum of zero weights means nothing was attended to; a NaN stays one.
FIELDSIM_DEVICE float inverse_sum(float l) { return l == 0.0f ? 0.0f : 1.0f / l; }
FIELDSIM_DEVICE float lse_of(float m, float l) {
  return l == 0.0f ? -INFINITY : (m + prim::log2(l)) * kLn2;
}

// Shared memory while merging: [warp][row][kDim + 4] floats, then [warp][row] (m, l).
template <int kDim>
struct MergeArea {
  static constexpr int kRowFloats = kDim + 4;
  float* o;
  Float2* ml;
  FIELDSIM_DEVICE explicit MergeArea(std::uint8_t* arena)
      : o(reinterpret_cast<float*>(arena)),
        ml(reinterpret_cast<Float2*>(arena + sizeof(float) * kWarps * kRowsPerTile * kRowFloats)) {}

  template <std::size_t kColumns>
  FIELDSIM_DEVICE void store(const float (&tile)[kColumns][4], const float (&m)[2],
                             const float (&l)[2], int warp, int lane) {
    static_assert(kColumns * 8 == kDim);
    const int g = lane >> 2;
    const int t = lane & 3;
    FIELDSIM_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int row = warp * kRowsPerTile + g + 8 * half;
      FIELDSIM_UNROLL
      for (int n = 0; n < kDim / 8; ++n) {
        Float2* to = reinterpret_cast<Float2*>(o + row * kRowFloats + n * 8 + t * 2);
        *to = {tile[n][half * 2], tile[n][half * 2 + 1]};
      }
      if (t == 0) ml[row] = {m[half], l[half]};
    }
  }

  // Four columns of one row over the warps.
  FIELDSIM_DEVICE Partial merged(int row, int column) const {
    Partial r;
    FIELDSIM_UNROLL
    for (int w = 0; w < kWarps; ++w) r.m = prim::max(r.m, ml[w * kRowsPerTile + row].x);
    const float base = finite_base(r.m);
    FIELDSIM_UNROLL
    for (int w = 0; w < kWarps; ++w) {
      const Float2 s = ml[w * kRowsPerTile + row];
      const float f = prim::exp2(s.x - base);
      r.l += f * s.y;
      add_scaled(
          r.acc,
          *reinterpret_cast<const Float4*>(o + (w * kRowsPerTile + row) * kRowFloats + column), f);
    }
    return r;
  }
};

// Where a packed row of a request's (or the batch's) queries goes.
struct RowTarget {
  std::int64_t token;
  int head;
  FIELDSIM_DEVICE RowTarget(const Params& p, int first_token, int kv_head, int packed_row)
      : token(first_token + packed_row / p.group), head(kv_head * p.group + packed_row % p.group) {}
};

template <DType kType>
FIELDSIM_DEVICE void write_out(const Params& p, const RowTarget& row, int column, const Float4& v) {
  std::uint16_t* to = p.out + row.token * p.out_token + row.head * p.out_head + column;
  *reinterpret_cast<prim::Half4*>(to) = {prim::pack<kType>(v.x, v.y), prim::pack<kType>(v.z, v.w)};
}

FIELDSIM_DEVICE void write_lse(const Params& p, const RowTarget& row, int plane, float value) {
  if (p.lse != nullptr) p.lse[plane * p.lse_plane + row.token * p.q_heads + row.head] = value;
}

FIELDSIM_DEVICE Float4 scaled(const Float4& v, float f) {
  return {v.x * f, v.y * f, v.z * f, v.w * f};
}

// The only item of its tile: its result is the output. Under gamma_mix its segment is the only one
// that is not empty, so it has all the weight.
template <DType kType, int kDim>
FIELDSIM_DEVICE void write_direct(const Params& p, const WorkItem& item,
                                  const MergeArea<kDim>& area, int thread) {
  for (int i = thread; i < item.rows * (kDim / 4); i += kThreads) {
    const int row = i / (kDim / 4);
    const int column = i % (kDim / 4) * 4;
    const Partial r = area.merged(row, column);
    const RowTarget to(p, item.first_token, item.kv_head, item.first_row + row);
    write_out<kType>(p, to, column, scaled(r.acc, inverse_sum(r.l)));
    if (column == 0) {
      const bool anchors = p.mixture && item.step_begin >= item.kv_steps;
      const float lse = lse_of(r.m, r.l);
      write_lse(p, to, 0, anchors ? -INFINITY : lse);
      if (p.mixture) write_lse(p, to, 1, anchors ? lse : -INFINITY);
    }
  }
}

// Rows of `tile` that the item covers, as a range of the item's rows.
struct Overlap {
  int begin, end;
  int shift;  // tile row = item row + shift
  FIELDSIM_DEVICE Overlap(const Params& p, const WorkItem& item, const Tile& tile) {
    begin = 0;
    end = item.rows;
    shift = 0;
    if (item.kind == ItemKind::cascade) {
      shift = item.first_row - (tile.first_token * p.group + tile.first_row);
      if (begin < -shift) begin = -shift;
      if (end > tile.rows - shift) end = tile.rows - shift;
    }
  }
};

template <int kDim>
FIELDSIM_DEVICE void write_partial(const Params& p, const WorkItem& item, const Tile& tile,
                                   const MergeArea<kDim>& area, int thread) {
  const Overlap rows(p, item, tile);
  const int slot = tile.partial + item.slot + (item.kind == ItemKind::cascade ? tile.kv_slots : 0);
  for (int i = thread; i < (rows.end - rows.begin) * (kDim / 4); i += kThreads) {
    const int row = rows.begin + i / (kDim / 4);
    const int column = i % (kDim / 4) * 4;
    const Partial r = area.merged(row, column);
    const std::int64_t at = static_cast<std::int64_t>(slot) * kRowsPerTile + row + rows.shift;
    *reinterpret_cast<Float4*>(p.partial_o + at * kDim + column) = r.acc;
    if (column == 0) *reinterpret_cast<Float2*>(p.partial_ml + at * 2) = {r.m, r.l};
  }
}

// Slots [begin, end) of one row; (m, l) of all slots are in shared memory as [slot][row].
template <int kDim>
FIELDSIM_DEVICE Partial combine_slots(const Params& p, const Tile& tile, const Float2* ml, int row,
                                      int column, int begin, int end) {
  Partial r;
  for (int s = begin; s < end; ++s) r.m = prim::max(r.m, ml[s * kRowsPerTile + row].x);
  const float base = finite_base(r.m);
  const Float4* from = reinterpret_cast<const Float4*>(
      p.partial_o + (static_cast<std::int64_t>(tile.partial) * kRowsPerTile + row) * kDim + column);
  constexpr int kSlotVectors = kRowsPerTile * kDim / 4;
  FIELDSIM_UNROLL_BY(4)
  for (int s = begin; s < end; ++s) {
    const Float2 part = ml[s * kRowsPerTile + row];
    const float f = kMutated<Mutation::wrong_combine> ? 1.0f : prim::exp2(part.x - base);
    r.l += f * part.y;
    add_scaled(r.acc, prim::load_l2(from + s * kSlotVectors), f);
  }
  return r;
}

// (1 - g) kv + g anchors; an empty segment's weight moves to the other.
FIELDSIM_DEVICE Float4 blend(const Partial& kv, const Partial& anchors, float gamma) {
  const float g = kv.l == 0.0f ? 1.0f : anchors.l == 0.0f ? 0.0f : gamma;
  Float4 v = scaled(kv.acc, (1.0f - g) * inverse_sum(kv.l));
  // A zero share is left out rather than multiplied: g = 0 is plain attention, bit for bit.
  if (g != 0.0f) add_scaled(v, anchors.acc, g * inverse_sum(anchors.l));
  return v;
}

template <DType kType, int kDim>
FIELDSIM_DEVICE void combine_tile(const Params& p, const Tile& tile, std::uint8_t* arena,
                                  int thread) {
  Float2* ml = reinterpret_cast<Float2*>(arena);
  for (int i = thread; i < tile.slots * kRowsPerTile; i += kThreads) {
    if (i % kRowsPerTile < tile.rows)
      ml[i] = prim::load_l2(reinterpret_cast<const Float2*>(p.partial_ml) +
                            static_cast<std::int64_t>(tile.partial) * kRowsPerTile + i);
  }
  prim::sync_block();
  const int border = kMutated<Mutation::border_straddled> ? tile.slots : tile.kv_slots;
  for (int i = thread; i < tile.rows * (kDim / 4); i += kThreads) {
    const int row = i / (kDim / 4);
    const int column = i % (kDim / 4) * 4;
    const RowTarget to(p, tile.first_token, tile.kv_head, tile.first_row + row);
    if (p.mixture) {
      const Partial kv = combine_slots<kDim>(p, tile, ml, row, column, 0, border);
      const Partial anchors = combine_slots<kDim>(p, tile, ml, row, column, border, tile.slots);
      const float gamma = p.gamma[tile.request * p.gamma_request + to.head * p.gamma_head];
      write_out<kType>(p, to, column, blend(kv, anchors, gamma));
      if (column == 0) {
        write_lse(p, to, 0, lse_of(kv.m, kv.l));
        write_lse(p, to, 1, lse_of(anchors.m, anchors.l));
      }
    } else {
      const Partial r = combine_slots<kDim>(p, tile, ml, row, column, 0, tile.slots);
      write_out<kType>(p, to, column, scaled(r.acc, inverse_sum(r.l)));
      if (column == 0) write_lse(p, to, 0, lse_of(r.m, r.l));
    }
  }
}

// Announces the item's partials and combines the tiles it completes. `flags` is one int per target.
template <typename Combine>
FIELDSIM_DEVICE void arrive_and_combine(const Params& p, const WorkItem& item, int* flags,
                                        int thread, Combine combine) {
  prim::fence();
  if constexpr (!kMutated<Mutation::missing_arrival_barrier>) prim::sync_block();
  if (thread < item.tile_count) {
    const int tile = item.tile + thread;
    const unsigned last = static_cast<unsigned>(p.tiles[tile].arrivals - 1);
    const unsigned limit = kMutated<Mutation::counter_not_reset> ? 0xffffffffu : last;
    flags[thread] = prim::arrive(p.counters + tile, limit) == last;
  }
  prim::sync_block();
  prim::fence();
  for (int i = 0; i < item.tile_count; ++i) {
    if (!flags[i]) continue;
    combine(p.tiles[item.tile + i]);
    prim::sync_block();  // the next tile reuses the arena
  }
}

}  // namespace fieldsim::kernels
