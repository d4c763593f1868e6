#pragma once
// The parameter block of every attention kernel. Plain data: the host fills it, __grid_constant__
// memory carries it to the device, the emulator passes the same struct. Elements are raw 16-bit
// words; the kernel's template argument says how to read them. Strides are in elements.
#include <cstdint>

#include "kernels/plan.hpp"

namespace fieldsim::kernels {

struct alignas(16) Params {
  const std::uint16_t* q;
  const std::uint16_t* k;
  const std::uint16_t* v;
  const std::uint16_t* anchor_k;
  const std::uint16_t* anchor_v;
  std::uint16_t* out;
  float* lse;  // may be null
  const std::int32_t* block_table;
  const WorkItem* items;
  const Tile* tiles;
  float* partial_o;         // [slot][16][head_dim], not normalised
  float* partial_ml;        // [slot][16][2]: running maximum (log2 domain) and sum
  std::uint32_t* counters;  // [tile], zero between launches
  const float* gamma;
  float* scores;           // unfused: [tile][16][columns], log2 domain
  std::uint16_t* weights;  // unfused: the same shape
  std::int64_t q_token, q_head;
  std::int64_t out_token, out_head;
  std::int64_t k_page, k_token, k_head;
  std::int64_t v_page, v_token, v_head;
  std::int64_t anchor_k_set, anchor_k_token, anchor_k_head;
  std::int64_t anchor_v_set, anchor_v_token, anchor_v_head;
  std::int64_t gamma_request, gamma_head;
  std::int64_t lse_plane;  // elements from the KV plane to the anchor plane
  std::int64_t columns;    // unfused
  std::int32_t block_table_stride;
  std::int32_t q_heads;
  std::int32_t group;
  std::int32_t page_shift;  // log2(page_size)
  std::int32_t causal;
  std::int32_t mixture;
  std::int32_t read_once;      // KV is read by one row tile only: L2 may evict it first
  std::int32_t rows_per_tile;  // unfused: rows of the largest tile
  float scale_log2;            // scale * log2(e)
};

// The merge of two_pass: two attention results and their log-sum-exps into one.
struct alignas(16) MergeParams {
  const std::uint16_t* out_kv;  // [row][head_dim], rows = query_tokens * q_heads
  const std::uint16_t* out_anchors;
  const float* lse_kv;  // natural log
  const float* lse_anchors;
  std::uint16_t* out;
  float* lse;  // as in Params
  const float* gamma;
  const std::int32_t* request_of;  // [query_token], for gamma; null when gamma is uniform
  std::int64_t out_token, out_head;
  std::int64_t gamma_request, gamma_head;
  std::int64_t rows;
  std::int32_t q_heads;
  std::int32_t mixture;
};

}  // namespace fieldsim::kernels
