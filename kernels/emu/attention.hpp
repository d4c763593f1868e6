#pragma once
// The launches of kernels/attention.hpp on the emulator, with the same checks and the same
// parameters. All pointers are host pointers; the workspace holds the plan after upload.
#include "kernels/attention.hpp"
#include "kernels/emu/grid.hpp"

namespace fieldsim::kernels::emu {

struct RunResult {
  Error error;
  Outcome outcome = Outcome::ok;
  bool ok() const { return error.ok() && outcome == Outcome::ok; }
};

void init_workspace(const Problem& problem, void* workspace);
void upload_plan(const Problem& problem, const Plan& plan, void* workspace);
void upload_two_pass(const Problem& problem, const TwoPassPlan& plan, void* workspace);

RunResult run(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
              std::size_t bytes, std::uint64_t seed);
RunResult run_two_pass(const Problem& problem, const Args& args, const TwoPassPlan& plan,
                       void* workspace, std::size_t bytes, std::uint64_t seed);
RunResult run_unfused(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
                      std::size_t bytes, std::uint64_t seed);

}  // namespace fieldsim::kernels::emu
