#include "kernels/emu/attention.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/cuda/dispatch.hpp"
#include "kernels/cuda/merge.cuh"
#include "kernels/cuda/unfused.cuh"
#include "kernels/launch_params.hpp"

namespace fieldsim::kernels::emu {
namespace {

template <class T>
void put(void* workspace, std::size_t offset, const std::vector<T>& data) {
  if (!data.empty())
    std::memcpy(static_cast<unsigned char*>(workspace) + offset, data.data(),
                data.size() * sizeof(T));
}

int grid_of(const Plan& plan) { return static_cast<int>(plan.items.size()); }

Outcome launch_fused(const Problem& problem, const Params& p, const Plan& plan,
                     std::uint64_t seed) {
  Outcome outcome = Outcome::ok;
  dispatch_fused(problem, plan.tiling.stages, [&]<DType kType, int kDim, int kStages>() {
    const auto bytes = static_cast<std::size_t>(plan.tiling.smem_bytes());
    outcome = launch(
        grid_of(plan), kThreads, bytes, [&] { fused_body<kType, kDim, kStages>(p); }, seed);
  });
  return outcome;
}

}  // namespace

void init_workspace(const Problem& problem, void* workspace) {
  std::memset(workspace, 0, counter_bytes(problem));
}

void upload_plan(const Problem& problem, const Plan& plan, void* workspace) {
  const Layout at = layout(problem, plan);
  put(workspace, at.items, plan.items);
  put(workspace, at.tiles, plan.tiles);
}

void upload_two_pass(const Problem& problem, const TwoPassPlan& plan, void* workspace) {
  const TwoPassLayout at = two_pass_layout(problem, plan);
  auto* base = static_cast<unsigned char*>(workspace);
  init_workspace(kv_pass(problem), base + at.kv);
  init_workspace(anchor_pass(problem), base + at.anchors);
  upload_plan(kv_pass(problem), plan.kv, base + at.kv);
  upload_plan(anchor_pass(problem), plan.anchors, base + at.anchors);
  put(workspace, at.requests, requests_of_tokens(plan.kv, problem.q_heads / problem.kv_heads));
}

RunResult run(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
              std::size_t bytes, std::uint64_t seed) {
  const Error error =
      check_launch(problem, args, plan, workspace, bytes, plan_bytes(problem, plan));
  if (!error.ok()) return {error};
  return {{}, launch_fused(problem, make_params(problem, args, plan, workspace), plan, seed)};
}

RunResult run_two_pass(const Problem& problem, const Args& args, const TwoPassPlan& plan,
                       void* workspace, std::size_t bytes, std::uint64_t seed) {
  const Error error =
      check_launch(problem, args, plan.kv, workspace, bytes, two_pass_bytes(problem, plan));
  if (!error.ok()) return {error};
  const TwoPassParams p = make_two_pass_params(problem, args, plan, workspace);
  Outcome outcome = launch_fused(problem, p.kv, plan.kv, seed);
  if (outcome == Outcome::ok) outcome = launch_fused(problem, p.anchors, plan.anchors, seed + 1);
  if (outcome != Outcome::ok) return {{}, outcome};
  dispatch(problem, [&]<DType kType, int kDim>() {
    const auto grid = (p.merge.rows + kMergeRows<kDim> - 1) / kMergeRows<kDim>;
    outcome = launch(
        static_cast<int>(grid), kThreads, 0, [&] { merge_body<kType, kDim>(p.merge); }, seed + 2);
  });
  return {{}, outcome};
}

RunResult run_unfused(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
                      std::size_t bytes, std::uint64_t seed) {
  Error error = check_launch(problem, args, plan, workspace, bytes, unfused_bytes(problem, plan));
  if (error.ok() && problem.cascade)
    error = {Status::unsupported, "cascade", "the unfused baseline has no cascade"};
  if (!error.ok()) return {error};
  const Params p = make_unfused_params(problem, args, plan, workspace);
  Outcome outcome = Outcome::ok;
  dispatch(problem, [&]<DType kType, int kDim>() {
    const auto score_bytes = static_cast<std::size_t>(scores_tiling(kDim).smem_bytes());
    const auto value_bytes = static_cast<std::size_t>(values_tiling(kDim).smem_bytes());
    const int rows = static_cast<int>(plan.tiles.size()) * p.rows_per_tile;
    outcome = launch(
        grid_of(plan), kThreads, score_bytes, [&] { scores_body<kType, kDim>(p); }, seed);
    if (outcome != Outcome::ok) return;
    outcome = launch(
        rows, kThreads, softmax_smem_bytes(), [&] { softmax_rows_body<kType>(p); }, seed + 1);
    if (outcome != Outcome::ok) return;
    outcome = launch(
        grid_of(plan), kThreads, value_bytes, [&] { values_body<kType, kDim>(p); }, seed + 2);
  });
  return {{}, outcome};
}

}  // namespace fieldsim::kernels::emu
