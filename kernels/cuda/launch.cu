// Host launchers: argument checks, uploads, launches. Every function returns an Error; nothing
// throws, and nothing synchronises with the device except upload_* of pageable plans (which is
// cudaMemcpyAsync's own rule).
#include <cuda_runtime.h>

#include <vector>

#include "kernels/cuda/dispatch.hpp"
#include "kernels/cuda/kernels.cuh"
#include "kernels/launch_params.hpp"

namespace fieldsim::kernels {
namespace {

Error cuda_error(cudaError_t code, const char* what) {
  if (code == cudaSuccess) return {};
  return {Status::cuda_error, what, cudaGetErrorString(code)};
}

cudaStream_t native(Stream stream) { return static_cast<cudaStream_t>(stream); }

// More than 48 KB of dynamic shared memory has to be asked for, once per kernel and device. A
// thread remembers the last device it asked for each kernel; asking again would cost each launch.
template <auto kKernel>
Error allow_shared_memory(int bytes) {
  static thread_local int asked = -1;
  int device = 0;
  if (Error e = cuda_error(cudaGetDevice(&device), "device"); !e.ok()) return e;
  if (asked == device) return {};
  const Error e =
      cuda_error(cudaFuncSetAttribute(kKernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
                 "shared memory");
  if (e.ok()) asked = device;
  return e;
}

template <auto kKernel, class Parameters>
Error launch(std::int64_t grid, int smem_bytes, const Parameters& p, Stream stream) {
  if (Error e = allow_shared_memory<kKernel>(smem_bytes); !e.ok()) return e;
  kKernel<<<static_cast<unsigned>(grid), kThreads, static_cast<std::size_t>(smem_bytes),
            native(stream)>>>(p);
  return cuda_error(cudaGetLastError(), "launch");
}

Error launch_fused(const Problem& problem, const Params& p, const Plan& plan, Stream stream) {
  Error error{Status::unsupported, "plan.tiling", "has no compiled kernel"};
  dispatch_fused(problem, plan.tiling.stages, [&]<DType kType, int kDim, int kStages>() {
    error = launch<fused_kernel<kType, kDim, kStages>>(static_cast<std::int64_t>(plan.items.size()),
                                                       plan.tiling.smem_bytes(), p, stream);
  });
  return error;
}

template <class T>
Error copy(void* workspace, std::size_t offset, const std::vector<T>& data, Stream stream) {
  if (data.empty()) return {};
  return cuda_error(
      cudaMemcpyAsync(static_cast<unsigned char*>(workspace) + offset, data.data(),
                      data.size() * sizeof(T), cudaMemcpyHostToDevice, native(stream)),
      "upload");
}

Error copy_plan(const Problem& problem, const Plan& plan, void* workspace, Stream stream) {
  const Layout at = layout(problem, plan);
  if (Error e = copy(workspace, at.items, plan.items, stream); !e.ok()) return e;
  return copy(workspace, at.tiles, plan.tiles, stream);
}

Error check_workspace(const void* workspace, std::size_t bytes, std::size_t needed) {
  if (workspace == nullptr) return {Status::bad_pointer, "workspace", "is null"};
  if (bytes < needed)
    return {Status::workspace_small, "workspace", "is smaller than the plan needs"};
  return {};
}

unsigned char* offset(void* workspace, std::size_t bytes) {
  return static_cast<unsigned char*>(workspace) + bytes;
}

}  // namespace

Error query_device(int ordinal, DeviceInfo* device) {
  if (device == nullptr) return {Status::bad_pointer, "device", "is null"};
  cudaDeviceProp prop;
  if (Error e = cuda_error(cudaGetDeviceProperties(&prop, ordinal), "device"); !e.ok()) return e;
  device->arch = prop.major * 10 + prop.minor;
  device->sm_count = prop.multiProcessorCount;
  device->smem_per_sm = static_cast<int>(prop.sharedMemPerMultiprocessor);
  device->smem_per_cta = static_cast<int>(prop.sharedMemPerBlockOptin);
  device->registers_per_sm = prop.regsPerMultiprocessor;
  device->warps_per_sm = prop.maxThreadsPerMultiProcessor / 32;
  device->ctas_per_sm = prop.maxBlocksPerMultiProcessor;
  if (device->arch < 80) return {Status::unsupported, "device", "is older than sm_80"};
  return {};
}

Error init_workspace(const Problem& problem, void* workspace, std::size_t bytes, Stream stream) {
  if (Error e = check_problem(problem); !e.ok()) return e;
  const std::size_t counters = counter_bytes(problem);
  if (Error e = check_workspace(workspace, bytes, counters); !e.ok()) return e;
  return cuda_error(cudaMemsetAsync(workspace, 0, counters, native(stream)), "workspace");
}

Error upload_plan(const Problem& problem, const Plan& plan, void* workspace, std::size_t bytes,
                  Stream stream) {
  if (Error e = check_workspace(workspace, bytes, plan_bytes(problem, plan)); !e.ok()) return e;
  return copy_plan(problem, plan, workspace, stream);
}

Error run(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
          std::size_t bytes, Stream stream) {
  if (Error e = check_launch(problem, args, plan, workspace, bytes, plan_bytes(problem, plan));
      !e.ok())
    return e;
  return launch_fused(problem, make_params(problem, args, plan, workspace), plan, stream);
}

Error upload_two_pass(const Problem& problem, const TwoPassPlan& plan, void* workspace,
                      std::size_t bytes, Stream stream) {
  if (Error e = check_workspace(workspace, bytes, two_pass_bytes(problem, plan)); !e.ok()) return e;
  const TwoPassLayout at = two_pass_layout(problem, plan);
  const Problem kv = kv_pass(problem);
  const Problem anchors = anchor_pass(problem);
  unsigned char* const kv_space = offset(workspace, at.kv);
  unsigned char* const anchor_space = offset(workspace, at.anchors);
  if (Error e = init_workspace(kv, kv_space, bytes - at.kv, stream); !e.ok()) return e;
  if (Error e = init_workspace(anchors, anchor_space, bytes - at.anchors, stream); !e.ok())
    return e;
  if (Error e = copy_plan(kv, plan.kv, kv_space, stream); !e.ok()) return e;
  if (Error e = copy_plan(anchors, plan.anchors, anchor_space, stream); !e.ok()) return e;
  try {
    return copy(workspace, at.requests,
                requests_of_tokens(plan.kv, problem.q_heads / problem.kv_heads), stream);
  } catch (...) {
    return {Status::out_of_memory, "plan", "the host is out of memory"};
  }
}

Error run_two_pass(const Problem& problem, const Args& args, const TwoPassPlan& plan,
                   void* workspace, std::size_t bytes, Stream stream) {
  if (Error e =
          check_launch(problem, args, plan.kv, workspace, bytes, two_pass_bytes(problem, plan));
      !e.ok())
    return e;
  const TwoPassParams p = make_two_pass_params(problem, args, plan, workspace);
  if (Error e = launch_fused(problem, p.kv, plan.kv, stream); !e.ok()) return e;
  if (Error e = launch_fused(problem, p.anchors, plan.anchors, stream); !e.ok()) return e;
  if (p.merge.rows == 0) return {};
  Error error;
  dispatch(problem, [&]<DType kType, int kDim>() {
    const std::int64_t grid = (p.merge.rows + kMergeRows<kDim> - 1) / kMergeRows<kDim>;
    error = launch<merge_kernel<kType, kDim>>(grid, 0, p.merge, stream);
  });
  return error;
}

Error upload_unfused(const Problem& problem, const Plan& plan, void* workspace, std::size_t bytes,
                     Stream stream) {
  if (Error e = check_workspace(workspace, bytes, unfused_bytes(problem, plan)); !e.ok()) return e;
  return copy_plan(problem, plan, workspace, stream);
}

Error run_unfused(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
                  std::size_t bytes, Stream stream) {
  if (problem.cascade)
    return {Status::unsupported, "cascade", "the unfused baseline has no cascade"};
  if (Error e = check_launch(problem, args, plan, workspace, bytes, unfused_bytes(problem, plan));
      !e.ok())
    return e;
  const Params p = make_unfused_params(problem, args, plan, workspace);
  const auto items = static_cast<std::int64_t>(plan.items.size());
  const std::int64_t rows = static_cast<std::int64_t>(plan.tiles.size()) * p.rows_per_tile;
  Error error;
  dispatch(problem, [&]<DType kType, int kDim>() {
    error = launch<scores_kernel<kType, kDim>>(items, scores_tiling(kDim).smem_bytes(), p, stream);
    if (!error.ok()) return;
    error =
        launch<softmax_rows_kernel<kType>>(rows, static_cast<int>(softmax_smem_bytes()), p, stream);
    if (!error.ok()) return;
    error = launch<values_kernel<kType, kDim>>(items, values_tiling(kDim).smem_bytes(), p, stream);
  });
  return error;
}

}  // namespace fieldsim::kernels
