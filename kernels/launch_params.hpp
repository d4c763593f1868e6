#pragma once
// Parameter blocks of the launches, from problem, arguments, plan and workspace. Shared by the CUDA
// launchers and the emulator, so that both run the kernels with the same numbers.
#include "kernels/attention.hpp"
#include "kernels/cuda/params.hpp"
#include "kernels/plan_internal.hpp"

namespace fieldsim::kernels {

// Checks arguments and workspace of a launch whose layout ends at `needed` bytes.
Error check_launch(const Problem& problem, const Args& args, const Plan& plan,
                   const void* workspace, std::size_t bytes, std::size_t needed);

Params make_params(const Problem& problem, const Args& args, const Plan& plan, void* workspace);

// Adds the score and weight matrices.
Params make_unfused_params(const Problem& problem, const Args& args, const Plan& plan,
                           void* workspace);

// The launches of two_pass.
struct TwoPassParams {
  Params kv, anchors;
  MergeParams merge;
};
TwoPassParams make_two_pass_params(const Problem& problem, const Args& args,
                                   const TwoPassPlan& plan, void* workspace);
// Request of every query token, what the merge needs to find its gamma.
std::vector<std::int32_t> requests_of_tokens(const Plan& plan, std::int32_t group);

}  // namespace fieldsim::kernels
