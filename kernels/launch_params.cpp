#include "kernels/launch_params.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fieldsim::kernels {
namespace {

constexpr double kLog2e = 1.4426950408889634074;

const std::uint16_t* words(const void* p) { return static_cast<const std::uint16_t*>(p); }

template <class T>
T* at(void* workspace, std::size_t offset) {
  return reinterpret_cast<T*>(static_cast<unsigned char*>(workspace) + offset);
}

// The arguments of one pass: its own results, and only its own segment.
Args pass_args(const Problem& problem, const Args& args, std::uint16_t* out, float* lse) {
  Args pass = args;
  pass.out = out;
  pass.out_head = problem.head_dim;
  pass.out_token = std::int64_t{problem.q_heads} * problem.head_dim;
  pass.lse = lse;
  return pass;
}

}  // namespace

Error check_launch(const Problem& problem, const Args& args, const Plan& plan,
                   const void* workspace, std::size_t bytes, std::size_t needed) {
  if (Error e = check_args(problem, args, plan); !e.ok()) return e;
  if (workspace == nullptr) return {Status::bad_pointer, "workspace", "is null"};
  if (reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0)
    return {Status::bad_align, "workspace", "is not 256-byte aligned"};
  if (bytes < needed)
    return {Status::workspace_small, "workspace", "is smaller than the plan needs"};
  return {};
}

Params make_params(const Problem& problem, const Args& a, const Plan& plan, void* workspace) {
  const Layout where = layout(problem, plan);
  Params p{};
  p.q = words(a.q);
  p.k = words(a.kv.k);
  p.v = words(a.kv.v);
  p.anchor_k = words(a.anchors.k);
  p.anchor_v = words(a.anchors.v);
  p.out = static_cast<std::uint16_t*>(a.out);
  p.lse = a.lse;
  p.block_table = a.block_table;
  p.items = at<WorkItem>(workspace, where.items);
  p.tiles = at<Tile>(workspace, where.tiles);
  p.partial_o = at<float>(workspace, where.partial_o);
  p.partial_ml = at<float>(workspace, where.partial_ml);
  p.counters = at<std::uint32_t>(workspace, where.counters);
  p.gamma = a.gamma;
  p.q_token = a.q_token;
  p.q_head = a.q_head;
  p.out_token = a.out_token;
  p.out_head = a.out_head;
  p.k_page = a.kv.k_page;
  p.k_token = a.kv.k_token;
  p.k_head = a.kv.k_head;
  p.v_page = a.kv.v_page;
  p.v_token = a.kv.v_token;
  p.v_head = a.kv.v_head;
  p.anchor_k_set = a.anchors.k_set;
  p.anchor_k_token = a.anchors.k_token;
  p.anchor_k_head = a.anchors.k_head;
  p.anchor_v_set = a.anchors.v_set;
  p.anchor_v_token = a.anchors.v_token;
  p.anchor_v_head = a.anchors.v_head;
  p.gamma_request = a.gamma_request;
  p.gamma_head = a.gamma_head;
  p.lse_plane = std::int64_t{plan.query_tokens} * problem.q_heads;
  p.block_table_stride = a.block_table_stride;
  p.q_heads = problem.q_heads;
  p.group = problem.q_heads / problem.kv_heads;
  const auto page = static_cast<std::uint32_t>(a.kv.page_size > 0 ? a.kv.page_size : 1);
  p.page_shift = std::countr_zero(page);
  p.causal = problem.causal;
  p.mixture = problem.mode == Mode::gamma_mix;
  p.read_once = problem.max_q_len * p.group <= kRowsPerTile;
  p.rows_per_tile = std::min(kRowsPerTile, problem.max_q_len * p.group);
  const double scale = problem.scale > 0.0f
                           ? static_cast<double>(problem.scale)
                           : 1.0 / std::sqrt(static_cast<double>(problem.head_dim));
  p.scale_log2 = static_cast<float>(scale * kLog2e);
  return p;
}

Params make_unfused_params(const Problem& problem, const Args& args, const Plan& plan,
                           void* workspace) {
  const UnfusedLayout where = unfused_layout(problem, plan);
  Params p = make_params(problem, args, plan, workspace);
  p.scores = at<float>(workspace, where.scores);
  p.weights = at<std::uint16_t>(workspace, where.weights);
  p.columns = where.columns;
  return p;
}

TwoPassParams make_two_pass_params(const Problem& problem, const Args& args,
                                   const TwoPassPlan& plan, void* workspace) {
  const TwoPassLayout where = two_pass_layout(problem, plan);
  auto* out_kv = at<std::uint16_t>(workspace, where.out_kv);
  auto* out_anchors = at<std::uint16_t>(workspace, where.out_anchors);
  auto* lse_kv = at<float>(workspace, where.lse_kv);
  auto* lse_anchors = at<float>(workspace, where.lse_anchors);
  TwoPassParams p{};
  p.kv = make_params(kv_pass(problem), pass_args(problem, args, out_kv, lse_kv), plan.kv,
                     at<unsigned char>(workspace, where.kv));
  p.anchors = make_params(anchor_pass(problem), pass_args(problem, args, out_anchors, lse_anchors),
                          plan.anchors, at<unsigned char>(workspace, where.anchors));
  MergeParams& m = p.merge;
  m.out_kv = out_kv;
  m.out_anchors = out_anchors;
  m.lse_kv = lse_kv;
  m.lse_anchors = lse_anchors;
  m.out = static_cast<std::uint16_t*>(args.out);
  m.lse = args.lse;
  m.gamma = args.gamma;
  m.request_of = at<std::int32_t>(workspace, where.requests);
  m.out_token = args.out_token;
  m.out_head = args.out_head;
  m.gamma_request = args.gamma_request;
  m.gamma_head = args.gamma_head;
  m.rows = std::int64_t{plan.kv.query_tokens} * problem.q_heads;
  m.q_heads = problem.q_heads;
  m.mixture = problem.mode == Mode::gamma_mix;
  return p;
}

std::vector<std::int32_t> requests_of_tokens(const Plan& plan, std::int32_t group) {
  std::vector<std::int32_t> request_of(static_cast<std::size_t>(plan.query_tokens), 0);
  for (const Tile& tile : plan.tiles)
    for (std::int32_t r = 0; r < tile.rows; ++r) {
      const std::int32_t token = tile.first_token + (tile.first_row + r) / group;
      request_of[static_cast<std::size_t>(token)] = tile.request;
    }
  return request_of;
}

}  // namespace fieldsim::kernels
