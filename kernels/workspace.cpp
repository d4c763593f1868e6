// Where things lie in the workspace, and how large it can get.
#include <algorithm>

#include "kernels/plan_internal.hpp"
#include "kernels/resources.hpp"

namespace fieldsim::kernels {
namespace {

constexpr std::size_t kAlign = 256;
constexpr std::size_t up(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

std::size_t product(std::int64_t count, std::size_t bytes) {
  return static_cast<std::size_t>(count) * bytes;
}

std::int64_t tile_capacity(const Problem& problem) {
  const std::int64_t rows = std::int64_t{problem.max_q_len} * (problem.q_heads / problem.kv_heads);
  const std::int64_t row_tiles = (rows + kRowsPerTile - 1) / kRowsPerTile;
  return std::max<std::int64_t>(1, std::int64_t{problem.batch} * problem.kv_heads * row_tiles);
}

}  // namespace

Problem kv_pass(Problem problem) {
  problem.mode = Mode::concat;
  problem.max_anchors = 0;
  problem.cascade = false;
  return problem;
}

Problem anchor_pass(Problem problem) {
  problem.mode = Mode::concat;
  problem.max_kv_len = 0;
  problem.causal = false;
  return problem;
}

Capacity capacity(const Problem& problem, const DeviceInfo& device) {
  const std::int64_t concurrent =
      std::int64_t{std::max(1, fused_ctas_per_sm(device, problem.head_dim, problem.dtype))} *
      device.sm_count;
  Capacity most;
  most.tiles = tile_capacity(problem);
  // Each of at most 2 spans a tile is cut into span / chunk + 1 pieces; the chunk keeps the sum of
  // span / chunk below kMaxWaves * concurrent.
  most.items = 2 * most.tiles + kMaxWaves * concurrent;
  most.slots = most.items;
  if (problem.cascade && problem.max_anchors > 0) {
    most.items += most.tiles * kMaxAnchorSplits;
    most.slots += most.tiles * kMaxAnchorSplits;
  }
  return most;
}

std::size_t counter_bytes(const Problem& problem) {
  return up(product(tile_capacity(problem), sizeof(std::uint32_t)));
}

Layout layout(const Problem& problem, std::int64_t items, std::int64_t tiles, std::int64_t slots) {
  const std::int64_t rows = slots * kRowsPerTile;
  Layout at;
  at.counters = 0;
  at.items = counter_bytes(problem);
  at.tiles = at.items + up(product(items, sizeof(WorkItem)));
  at.partial_ml = at.tiles + up(product(tiles, sizeof(Tile)));
  at.partial_o = at.partial_ml + up(product(rows, 2 * sizeof(float)));
  at.end = at.partial_o + up(product(rows * problem.head_dim, sizeof(float)));
  return at;
}

Layout layout(const Problem& problem, const Plan& plan) {
  return layout(problem, static_cast<std::int64_t>(plan.items.size()),
                static_cast<std::int64_t>(plan.tiles.size()), plan.partial_slots);
}

std::size_t workspace_bytes(const Problem& problem, const DeviceInfo& device) {
  if (!check_problem(problem).ok()) return 0;
  const Capacity most = capacity(problem, device);
  return layout(problem, most.items, most.tiles, most.slots).end;
}

std::size_t plan_bytes(const Problem& problem, const Plan& plan) {
  return layout(problem, plan).end;
}

UnfusedLayout unfused_layout(const Problem& problem, const Plan& plan) {
  UnfusedLayout at;
  at.plan = layout(problem, plan);
  at.columns = std::int64_t{std::max(1, plan.max_steps)} * kTokensPerStep;
  const std::int64_t cells =
      static_cast<std::int64_t>(plan.tiles.size()) * kRowsPerTile * at.columns;
  at.scores = at.plan.end;
  at.weights = at.scores + up(product(cells, sizeof(float)));
  at.end = at.weights + up(product(cells, kElementBytes));
  return at;
}

std::size_t unfused_bytes(const Problem& problem, const Plan& plan) {
  return unfused_layout(problem, plan).end;
}

std::size_t unfused_workspace_bytes(const Problem& problem, const DeviceInfo& device) {
  if (!check_problem(problem).ok()) return 0;
  const Capacity most = capacity(problem, device);
  const std::int64_t columns =
      std::int64_t{std::max(1, steps_of(problem.max_kv_len) + steps_of(problem.max_anchors))} *
      kTokensPerStep;
  const std::int64_t cells = most.tiles * kRowsPerTile * columns;
  return layout(problem, most.items, most.tiles, most.slots).end +
         up(product(cells, sizeof(float))) + up(product(cells, kElementBytes));
}

TwoPassLayout two_pass_layout(const Problem& problem, std::size_t kv_bytes,
                              std::size_t anchor_bytes, std::int64_t query_tokens) {
  const std::int64_t rows = query_tokens * problem.q_heads;
  const std::size_t out = up(product(rows * problem.head_dim, kElementBytes));
  const std::size_t lse = up(product(rows, sizeof(float)));
  TwoPassLayout at;
  at.kv = 0;
  at.anchors = up(kv_bytes);
  at.out_kv = at.anchors + up(anchor_bytes);
  at.out_anchors = at.out_kv + out;
  at.lse_kv = at.out_anchors + out;
  at.lse_anchors = at.lse_kv + lse;
  at.requests = at.lse_anchors + lse;
  at.end = at.requests + up(product(query_tokens, sizeof(std::int32_t)));
  return at;
}

TwoPassLayout two_pass_layout(const Problem& problem, const TwoPassPlan& plan) {
  return two_pass_layout(problem, plan_bytes(kv_pass(problem), plan.kv),
                         plan_bytes(anchor_pass(problem), plan.anchors), plan.kv.query_tokens);
}

std::size_t two_pass_bytes(const Problem& problem, const TwoPassPlan& plan) {
  return two_pass_layout(problem, plan).end;
}

std::size_t two_pass_workspace_bytes(const Problem& problem, const DeviceInfo& device) {
  if (!check_problem(problem).ok()) return 0;
  return two_pass_layout(problem, workspace_bytes(kv_pass(problem), device),
                         workspace_bytes(anchor_pass(problem), device),
                         std::int64_t{problem.batch} * problem.max_q_len)
      .end;
}

}  // namespace fieldsim::kernels
