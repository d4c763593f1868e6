#pragma once
// The work list of one launch: what plan_host makes and the kernels read. Plain data, fixed layout.
#include <cstdint>
#include <vector>

#include "kernels/tiling.hpp"

namespace fieldsim::kernels {

enum class ItemKind : std::int32_t {
  partial,  // one of several items of its tile
  direct,   // the only item of its tile: writes the output itself
  cascade,  // shared anchors against the packed rows of several requests
};

// One CTA's work: up to 16 query rows of one KV head against steps [step_begin, step_end). Steps
// below `kv_steps` are paged KV, the rest are anchors. Everything the main loop needs is here, so
// that a CTA starts its copies after one 64-byte read.
struct alignas(16) WorkItem {
  std::int32_t request;  // row of the block table; -1: padding, the CTA exits
  std::int32_t kv_head;
  std::int32_t first_row;    // first packed row (token * group + head in group)
  std::int32_t rows;         // 1..16
  std::int32_t first_token;  // packed query token that row 0 of the request belongs to
  std::int32_t kv_len;       // tokens in the paged cache
  std::int32_t causal_base;  // query token i sees KV tokens below causal_base + i (not causal: + 0)
  std::int32_t kv_steps;
  std::int32_t anchor_count;
  std::int32_t anchor_set;  // batch index into the anchors; 0 when they are shared
  std::int32_t step_begin;
  std::int32_t step_end;
  std::int32_t slot;        // of the tile; for a cascade item, counted from the tile's kv_slots
  std::int32_t tile;        // first target tile
  std::int32_t tile_count;  // 1, or more for a cascade item that serves several requests
  ItemKind kind;
};
static_assert(sizeof(WorkItem) == 64);

// A row tile of one request and KV head: where its partial results lie and how many items must
// arrive before they are combined.
struct alignas(16) Tile {
  std::int32_t request;
  std::int32_t kv_head;
  std::int32_t first_row;
  std::int32_t rows;
  std::int32_t first_token;
  std::int32_t partial;   // index of the tile's first slot
  std::int32_t slots;     // slots written for every row
  std::int32_t kv_slots;  // slots below belong to the paged KV, the rest to the anchors
  std::int32_t arrivals;  // items that signal this tile
  std::int32_t kv_steps;  // of the whole tile: columns [0, 16 kv_steps) of a score matrix
  std::int32_t steps;     // with the anchors
  std::int32_t padding;
};
static_assert(sizeof(Tile) == 48);

// With `fixed_grid` the vectors are padded to the capacity of the problem, so that addresses and
// the grid stay the same from plan to plan.
struct Plan {
  std::vector<WorkItem> items;  // the grid: one CTA each, longest first
  std::vector<Tile> tiles;
  std::int32_t partial_slots = 0;  // slots of 16 rows
  std::int32_t query_tokens = 0;   // sum of q_len
  std::int32_t max_kv_len = 0;
  std::int32_t max_steps = 0;    // longest tile, KV and anchors
  std::int32_t chunk_steps = 0;  // longest item
  std::int32_t batch = 0;
  Tiling tiling;  // of the fused kernel on the device planned for
};

}  // namespace fieldsim::kernels
