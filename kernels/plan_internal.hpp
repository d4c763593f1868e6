#pragma once
// Shared by the planner, the argument checks and the launchers; not part of the interface.
#include <cstddef>
#include <cstdint>

#include "kernels/attention.hpp"

namespace fieldsim::kernels {

Error check_lengths(const Problem& problem, const Lengths& lengths);

// The two launches of two_pass as problems of their own.
Problem kv_pass(Problem problem);
Problem anchor_pass(Problem problem);

// The most of everything that any plan (splits = 0) of a valid problem can hold.
struct Capacity {
  std::int64_t tiles = 0;
  std::int64_t items = 0;
  std::int64_t slots = 0;
};
Capacity capacity(const Problem& problem, const DeviceInfo& device);

// Byte offsets into the workspace. The counters come first and depend on the problem alone: they
// stay zero while plans come and go.
struct Layout {
  std::size_t counters = 0;
  std::size_t items = 0;
  std::size_t tiles = 0;
  std::size_t partial_ml = 0;
  std::size_t partial_o = 0;
  std::size_t end = 0;
};
std::size_t counter_bytes(const Problem& problem);
Layout layout(const Problem& problem, std::int64_t items, std::int64_t tiles, std::int64_t slots);
Layout layout(const Problem& problem, const Plan& plan);

// unfused: the score matrix (FP32) and the weights (16-bit) follow the plan's own layout.
struct UnfusedLayout {
  Layout plan;
  std::size_t scores = 0;
  std::size_t weights = 0;
  std::size_t end = 0;
  std::int64_t columns = 0;  // of one row
};
UnfusedLayout unfused_layout(const Problem& problem, const Plan& plan);

// two_pass: two workspaces, then the two results.
struct TwoPassLayout {
  std::size_t kv = 0;
  std::size_t anchors = 0;
  std::size_t out_kv = 0, out_anchors = 0;  // 16-bit [query_tokens, q_heads, head_dim]
  std::size_t lse_kv = 0, lse_anchors = 0;  // FP32 [query_tokens, q_heads]
  std::size_t requests = 0;                 // int32 [query_tokens]
  std::size_t end = 0;
};
TwoPassLayout two_pass_layout(const Problem& problem, std::size_t kv_bytes,
                              std::size_t anchor_bytes, std::int64_t query_tokens);
TwoPassLayout two_pass_layout(const Problem& problem, const TwoPassPlan& plan);

}  // namespace fieldsim::kernels
