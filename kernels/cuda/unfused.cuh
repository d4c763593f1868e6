#pragma once
// The naive baseline in three launches: scores to global memory, a softmax over rows, weights
// times values. It packs the query group like `fused` does, so what it loses is the traffic and the
// launches, not repeated reads of the cache.
#include "kernels/cuda/fused.cuh"

namespace fieldsim::kernels {

FIELDSIM_DEVICE std::int64_t score_at(const Params& p, const WorkItem& item, int row, int step) {
  return (static_cast<std::int64_t>(item.tile) * kRowsPerTile + row) * p.columns +
         std::int64_t{step} * kTokensPerStep;
}

// S = Q K^T * scale in the log2 domain, -inf where masked.
template <DType kType, int kDim>
FIELDSIM_DEVICE void scores_body(const Params& p) {
  using Shape = ScoresShape<kDim>;
  constexpr int kStages = Shape::kStages;
  const int thread = prim::thread_index();
  const int lane = thread & 31;
  const WorkItem item = p.items[prim::block_index()];
  if (item.request < 0) return;
  const SmemAddr base = prim::shared_address();
  const SmemAddr query_tile = base + Shape::kArenaBytes;
  copy_queries<kDim>(p, item, query_tile, thread);
  prim::cp_commit();
  StepRing<kDim, kStages, true, false> ring(p, item, base, thread >> 5, lane);
  FIELDSIM_UNROLL
  for (int s = 0; s < kStages - 1; ++s) ring.issue(s);
  prim::cp_wait<kStages - 1>();
  prim::sync_block();
  QueryTile<kType, kDim, Shape::kQueryHeld> query(query_tile, lane);
  query.load();
  int limit[2];
  causal_limits(p, item, lane, limit);
  int stage = 0;
  for (int step = item.step_begin + (thread >> 5); step < item.step_end; step += kWarps) {
    prim::cp_wait<kStages - 2>();
    prim::sync_warp();
    ring.issue((stage == 0 ? kStages : stage) - 1);
    float s[2][4];
    query.scores(s, ring.keys(stage), lane);
    int cut[2];
    step_cut(item, step, limit, cut);
    FIELDSIM_UNROLL
    for (int half = 0; half < 2; ++half) {
      float* to = p.scores + score_at(p, item, (lane >> 2) + 8 * half, step);
      FIELDSIM_UNROLL
      for (int n = 0; n < 2; ++n) {
        const int column = n * 8 + (lane & 3) * 2;
        const float a = column < cut[half] ? s[n][half * 2] * p.scale_log2 : -INFINITY;
        const float b = column + 1 < cut[half] ? s[n][half * 2 + 1] * p.scale_log2 : -INFINITY;
        *reinterpret_cast<Float2*>(to + column) = {a, b};
      }
    }
    if (++stage == kStages) stage = 0;
  }
  prim::cp_wait<0>();
}

// (m, l) of one row over [begin, end), known to every thread afterwards.
FIELDSIM_DEVICE Float2 row_sum(const float* row, int begin, int end, Float2* shared, int thread) {
  float m = -INFINITY;
  for (int i = begin + thread; i < end; i += kThreads) m = prim::max(m, row[i]);
  const float base = finite_base(m);
  float l = 0.0f;
  for (int i = begin + thread; i < end; i += kThreads) l += prim::exp2(row[i] - base);
  prim::sync_block();  // `shared` may still be read from an earlier call
  shared[thread] = {m, l};
  prim::sync_block();
  Float2 all{-INFINITY, 0.0f};
  FIELDSIM_UNROLL_BY(4)
  for (int t = 0; t < kThreads; ++t) all.x = prim::max(all.x, shared[t].x);
  const float top = finite_base(all.x);
  FIELDSIM_UNROLL_BY(4)
  for (int t = 0; t < kThreads; ++t) all.y += shared[t].y * prim::exp2(shared[t].x - top);
  return all;
}

// Weights of one row: softmax over all columns, or over each segment with its share.
template <DType kType>
FIELDSIM_DEVICE void softmax_rows_body(const Params& p) {
  const int thread = prim::thread_index();
  const Tile tile = p.tiles[prim::block_index() / p.rows_per_tile];
  const int row = prim::block_index() % p.rows_per_tile;
  if (row >= tile.rows) return;
  Float2* shared = reinterpret_cast<Float2*>(prim::shared_bytes());
  const std::int64_t at =
      (static_cast<std::int64_t>(prim::block_index() / p.rows_per_tile) * kRowsPerTile + row) *
      p.columns;
  const float* s = p.scores + at;
  std::uint16_t* w = p.weights + at;
  const int border = tile.kv_steps * kTokensPerStep;
  const int end = tile.steps * kTokensPerStep;
  const RowTarget to(p, tile.first_token, tile.kv_head, tile.first_row + row);
  float factor[2];
  float base[2];
  if (p.mixture) {
    const Float2 kv = row_sum(s, 0, border, shared, thread);
    const Float2 anchors = row_sum(s, border, end, shared, thread);
    const float gamma = p.gamma[tile.request * p.gamma_request + to.head * p.gamma_head];
    const float g = kv.y == 0.0f ? 1.0f : anchors.y == 0.0f ? 0.0f : gamma;
    factor[0] = (1.0f - g) * inverse_sum(kv.y);
    factor[1] = g * inverse_sum(anchors.y);
    base[0] = finite_base(kv.x);
    base[1] = finite_base(anchors.x);
    if (thread == 0) {
      write_lse(p, to, 0, lse_of(kv.x, kv.y));
      write_lse(p, to, 1, lse_of(anchors.x, anchors.y));
    }
  } else {
    const Float2 all = row_sum(s, 0, end, shared, thread);
    factor[0] = factor[1] = inverse_sum(all.y);
    base[0] = base[1] = finite_base(all.x);
    if (thread == 0) write_lse(p, to, 0, lse_of(all.x, all.y));
  }
  for (int i = 2 * thread; i < end; i += 2 * kThreads) {  // a pair never straddles the border
    const float from = i < border ? base[0] : base[1];
    const float by = i < border ? factor[0] : factor[1];
    const float a = prim::exp2(s[i] - from) * by;
    const float b = prim::exp2(s[i + 1] - from) * by;
    *reinterpret_cast<std::uint32_t*>(w + i) = prim::pack<kType>(a, b);
  }
}

// O = W V over the item's steps; partial sums meet as in `fused`, with nothing to rescale.
template <DType kType, int kDim>
FIELDSIM_DEVICE void values_body(const Params& p) {
  using Shape = ValuesShape<kDim>;
  constexpr int kStages = Shape::kStages;
  const int thread = prim::thread_index();
  const int warp = thread >> 5;
  const int lane = thread & 31;
  const WorkItem item = p.items[prim::block_index()];
  if (item.request < 0) return;
  std::uint8_t* const arena = prim::shared_bytes();
  StepRing<kDim, kStages, false, true> ring(p, item, prim::shared_address(), warp, lane);
  FIELDSIM_UNROLL
  for (int s = 0; s < kStages - 1; ++s) ring.issue(s);
  OutputTile<kType, kDim> output;
  const float keep[2] = {1.0f, 1.0f};
  int stage = 0;
  for (int step = item.step_begin + warp; step < item.step_end; step += kWarps) {
    std::uint32_t weights[4];
    FIELDSIM_UNROLL
    for (int i = 0; i < 4; ++i) {  // A layout: rows g, g+8 of tokens 0-7, then of tokens 8-15
      const int row = (lane >> 2) + 8 * (i & 1);
      const std::uint16_t* from =
          p.weights + score_at(p, item, row, step) + 8 * (i >> 1) + (lane & 3) * 2;
      weights[i] = row < item.rows ? *reinterpret_cast<const std::uint32_t*>(from) : 0u;
    }
    prim::cp_wait<kStages - 2>();
    prim::sync_warp();
    ring.issue((stage == 0 ? kStages : stage) - 1);
    output.add(weights, keep, ring.values(stage), lane);
    if (++stage == kStages) stage = 0;
  }
  prim::cp_wait<0>();
  prim::sync_block();
  MergeArea<kDim> area(arena);
  const float zero[2] = {0.0f, 0.0f};  // m = 0: every rescale factor is 1
  area.store(output.o, zero, zero, warp, lane);
  prim::sync_block();
  if (item.kind == ItemKind::direct) {
    for (int i = thread; i < item.rows * (kDim / 4); i += kThreads) {
      const int column = i % (kDim / 4) * 4;
      const RowTarget to(p, item.first_token, item.kv_head, item.first_row + i / (kDim / 4));
      write_out<kType>(p, to, column, area.merged(i / (kDim / 4), column).acc);
    }
    return;
  }
  write_partial<kDim>(p, item, p.tiles[item.tile], area, thread);
  int* flags = reinterpret_cast<int*>(arena + Shape::kFlagOffset);
  arrive_and_combine(p, item, flags, thread, [&](const Tile& tile) {
    Float2* ml = reinterpret_cast<Float2*>(arena);
    for (int i = thread; i < tile.slots * kRowsPerTile; i += kThreads) ml[i] = {0.0f, 0.0f};
    prim::sync_block();
    for (int i = thread; i < tile.rows * (kDim / 4); i += kThreads) {
      const int column = i % (kDim / 4) * 4;
      const RowTarget to(p, tile.first_token, tile.kv_head, tile.first_row + i / (kDim / 4));
      write_out<kType>(p, to, column,
                       combine_slots<kDim>(p, tile, ml, i / (kDim / 4), column, 0, tile.slots).acc);
    }
  });
}

}  // namespace fieldsim::kernels
