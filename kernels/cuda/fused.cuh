#pragma once
// fused, gamma_fused and cascade: one pass over the cache and the anchors, one launch.
//
// Thread hierarchy: a CTA of four warps serves one WorkItem. The warps share the 16 query rows and
// split the steps round-robin; each has its own ring of copies and its own softmax state, so the
// loop synchronises no more than a warp. Their states are merged once, at the end.
#include "kernels/cuda/combine.cuh"
#include "kernels/cuda/softmax.cuh"
#include "kernels/cuda/step_ring.cuh"
#include "kernels/cuda/tile_mma.cuh"

namespace fieldsim::kernels {

// Column limits of rows g and g+8 of the item, in tokens of the cache.
FIELDSIM_DEVICE void causal_limits(const Params& p, const WorkItem& item, int lane,
                                   int (&limit)[2]) {
  FIELDSIM_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int token = (item.first_row + (lane >> 2) + 8 * half) / p.group;
    const int seen = item.causal_base + (p.causal ? token : 0);
    limit[half] = seen < item.kv_len && !kMutated<Mutation::no_causal_mask> ? seen : item.kv_len;
  }
}

// Columns of `step` that each of the two rows sees.
FIELDSIM_DEVICE void step_cut(const WorkItem& item, int step, const int (&limit)[2],
                              int (&cut)[2]) {
  const bool paged = step < item.kv_steps;
  const int first = (paged ? step : step - item.kv_steps) * kTokensPerStep;
  cut[0] = (paged ? limit[0] : item.anchor_count) - first;
  cut[1] = (paged ? limit[1] : item.anchor_count) - first;
}

template <DType kType, int kDim, int kStages>
FIELDSIM_DEVICE void fused_body(const Params& p) {
  using Shape = FusedShape<kDim, kStages>;
  static_assert(Shape::kStages == kStages, "not in kFusedTilings");
  const int thread = prim::thread_index();
  const int warp = thread >> 5;
  const int lane = thread & 31;
  const WorkItem item = p.items[prim::block_index()];
  if (item.request < 0) return;  // padding of a fixed grid

  std::uint8_t* const arena = prim::shared_bytes();
  const SmemAddr base = prim::shared_address();
  const SmemAddr query_tile = base + Shape::kArenaBytes;

  copy_queries<kDim>(p, item, query_tile, thread);
  prim::cp_commit();
  StepRing<kDim, kStages, true, true> ring(p, item, base, warp, lane);
  FIELDSIM_UNROLL
  for (int s = 0; s < kStages - 1; ++s) ring.issue(s);
  prim::cp_wait<kStages - 1>();  // Q is the oldest group
  prim::sync_block();
  QueryTile<kType, kDim, Shape::kQueryHeld> query(query_tile, lane);
  query.load();

  int limit[2];
  causal_limits(p, item, lane, limit);
  SoftmaxState softmax;
  OutputTile<kType, kDim> output;
  int stage = 0;
  for (int step = item.step_begin + warp; step < item.step_end; step += kWarps) {
    prim::cp_wait<kStages - 2 + int{kMutated<Mutation::wait_off_by_one>}>();
    if constexpr (!kMutated<Mutation::missing_ring_barrier>) prim::sync_warp();
    // The barrier also tells that every lane has left the previous step's stage: refill that one,
    // before the arithmetic, so that kStages - 1 steps are in flight during it.
    int free_stage = (stage == 0 ? kStages : stage) - 1;
    if constexpr (kMutated<Mutation::wrong_ring_slot>) free_stage = stage;
    ring.issue(free_stage);
    float s[2][4];
    query.scores(s, ring.keys(stage), lane);
    int cut[2];
    step_cut(item, step, limit, cut);
    float rescale[2];
    softmax.update(s, cut, p.scale_log2, lane, rescale);
    std::uint32_t weights[4];
    pack_weights<kType>(weights, s);
    output.add(weights, rescale, ring.values(stage), lane);
    if (++stage == kStages) stage = 0;
  }
  softmax.finish();

  prim::cp_wait<0>();
  // Every warp is done with its ring: the arena changes hands.
  if constexpr (!kMutated<Mutation::missing_arena_barrier>) prim::sync_block();
  MergeArea<kDim> area(arena);
  area.store(output.o, softmax.m, softmax.l, warp, lane);
  if constexpr (!kMutated<Mutation::missing_merge_barrier>) prim::sync_block();

  if (item.kind == ItemKind::direct) {
    write_direct<kType>(p, item, area, thread);
    return;
  }
  for (int i = 0; i < item.tile_count; ++i)
    write_partial<kDim>(p, item, p.tiles[item.tile + i], area, thread);
  int* flags = reinterpret_cast<int*>(arena + Shape::kFlagOffset);
  arrive_and_combine(p, item, flags, thread,
                     [&](const Tile& tile) { combine_tile<kType, kDim>(p, tile, arena, thread); });
}

}  // namespace fieldsim::kernels
