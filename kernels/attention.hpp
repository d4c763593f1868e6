#pragma once
// PagedFieldprintAttention: the host interface. Attention of decode and short-prefill queries over
// a paged KV cache and a set of anchor tokens, in one kernel launch.
//
//   concat:     O = softmax(Q [K, Ka]^T * scale) [V, Va]
//   gamma_mix:  O = (1 - g) softmax(Q K^T * scale) V + g softmax(Q Ka^T * scale) Va
//
// Use: plan_host (CPU, pure) -> init_workspace (once) -> upload_plan -> run (one launch). A CUDA
// graph captures `run`; for new lengths, plan again with `fixed_grid` and upload before replay.
// No function throws; a failed one returns an Error that names the argument, before any launch.
#include <cstddef>
#include <cstdint>

#include "kernels/device.hpp"
#include "kernels/plan.hpp"
#include "kernels/tiling.hpp"

namespace fieldsim::kernels {

enum class Mode : std::uint8_t { concat, gamma_mix };

enum class Status : std::uint8_t {
  ok,
  bad_shape,    // a count or length is out of range, or two of them disagree
  unsupported,  // a legal shape that no kernel here serves
  bad_pointer,  // null where data is needed
  bad_align,    // a pointer or stride that 16-byte copies cannot use
  workspace_small,
  bad_plan,       // the plan was made for another problem
  out_of_memory,  // of the host, while planning
  cuda_error,     // `reason` is cudaGetErrorString
};
const char* to_string(Status status);

// The result of every call. `argument` is the name of the offending field, as written below.
struct [[nodiscard]] Error {
  Status status = Status::ok;
  const char* argument = "";
  const char* reason = "";
  constexpr bool ok() const { return status == Status::ok; }
};

// What is fixed over the life of a workspace.
struct Problem {
  DType dtype = DType::bf16;
  Mode mode = Mode::concat;
  std::int32_t batch = 0;
  std::int32_t q_heads = 0;  // a multiple of kv_heads
  std::int32_t kv_heads = 0;
  std::int32_t head_dim = 0;   // 64, 128, 256
  std::int32_t max_q_len = 1;  // query tokens of one request, <= kMaxQueryTokens
  std::int32_t max_kv_len = 0;
  std::int32_t max_anchors = 0;  // 0: plain paged attention
  bool causal = true;            // the last query token sees all of KV; anchors are seen by all
  bool shared_anchors = false;   // one anchor set for the batch
  bool cascade = false;          // read the shared anchors once for many requests
  float scale = 0.0f;            // 0: 1 / sqrt(head_dim)
};

// Host arrays of length `batch`.
struct Lengths {
  const std::int32_t* kv = nullptr;       // tokens in the cache, the query's own included
  const std::int32_t* q = nullptr;        // null: 1 each (decode)
  const std::int32_t* anchors = nullptr;  // null: max_anchors each
};

struct PlanOptions {
  std::int32_t splits = 0;  // KV splits per row tile; 0: chosen from the device's concurrency
  bool fixed_grid = false;  // pad to the largest grid of the problem, for CUDA graphs
};

// Paged K and V pools. Strides are in elements; the head dimension is contiguous. NHD and HND are
// two choices of (token, head) strides.
struct KVPool {
  const void* k = nullptr;
  const void* v = nullptr;
  std::int64_t k_page = 0, k_token = 0, k_head = 0;
  std::int64_t v_page = 0, v_token = 0, v_head = 0;
  std::int32_t page_size = 16;  // tokens, a power of two >= 16
};

// Anchor K and V, [set, anchor, kv_head, head_dim] by strides. Shared anchors have one set.
struct Anchors {
  const void* k = nullptr;
  const void* v = nullptr;
  std::int64_t k_set = 0, k_token = 0, k_head = 0;
  std::int64_t v_set = 0, v_token = 0, v_head = 0;
};

// Device pointers of one launch.
struct Args {
  const void* q = nullptr;  // [query_tokens, q_heads, head_dim] by strides
  std::int64_t q_token = 0, q_head = 0;
  void* out = nullptr;  // the same shape
  std::int64_t out_token = 0, out_head = 0;
  float* lse = nullptr;  // natural log, [query_tokens, q_heads]; with gamma_mix
                         // [2, query_tokens, q_heads]: paged KV, then anchors. May be null
  KVPool kv;
  const std::int32_t* block_table = nullptr;  // [batch, block_table_stride], page ids
  std::int32_t block_table_stride = 0;        // entries past ceil(len / page) are never read
  Anchors anchors;
  const float* gamma = nullptr;  // gamma_mix only; [batch, q_heads] by strides, 0 broadcasts
  std::int64_t gamma_request = 0, gamma_head = 0;
};

using Stream = void*;  // cudaStream_t, without its header

// ---- Planning: pure functions of their arguments, no GPU needed.
Error check_problem(const Problem& problem);
Error check_args(const Problem& problem, const Args& args, const Plan& plan);
// Upper bound for every plan with splits = 0; 0 for an invalid problem.
std::size_t workspace_bytes(const Problem& problem, const DeviceInfo& device);
Error plan_host(const Problem& problem, const DeviceInfo& device, const Lengths& lengths,
                const PlanOptions& options, Plan* plan);
// Bytes that one given plan needs; with splits = 0 never above workspace_bytes.
std::size_t plan_bytes(const Problem& problem, const Plan& plan);

// ---- The competitor that needs no new kernel: anchors as pages in front of every block table.
// Writes [batch, out_stride] page ids and the longer lengths; anchor pages are `anchor_pages`
// (ceil(count / page_size) ids per set). The count must be a multiple of the page size.
Error prepend_anchor_pages(const Problem& problem, const Lengths& lengths, std::int32_t page_size,
                           const std::int32_t* block_table, std::int32_t block_table_stride,
                           const std::int32_t* anchor_pages, std::int32_t* out_table,
                           std::int32_t out_stride, std::int32_t* out_kv_lengths);

// ---- Two launches and a merge: the split that today's libraries offer.
struct TwoPassPlan {
  Plan kv, anchors;
};
std::size_t two_pass_workspace_bytes(const Problem& problem, const DeviceInfo& device);
std::size_t two_pass_bytes(const Problem& problem, const TwoPassPlan& plan);
Error plan_two_pass(const Problem& problem, const DeviceInfo& device, const Lengths& lengths,
                    const PlanOptions& options, TwoPassPlan* plan);

// ---- The naive baseline: scores and weights in global memory, three launches.
std::size_t unfused_workspace_bytes(const Problem& problem, const DeviceInfo& device);
std::size_t unfused_bytes(const Problem& problem, const Plan& plan);

// ---- On a GPU (library fieldsim_kernels_cuda, built where nvcc is).
Error query_device(int ordinal, DeviceInfo* device);
// Zeroes the arrival counters; once per workspace. Every launch leaves them zero again.
Error init_workspace(const Problem& problem, void* workspace, std::size_t bytes, Stream stream);
Error upload_plan(const Problem& problem, const Plan& plan, void* workspace, std::size_t bytes,
                  Stream stream);
// Exactly one launch. `workspace` holds the uploaded plan.
Error run(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
          std::size_t bytes, Stream stream);

Error upload_two_pass(const Problem& problem, const TwoPassPlan& plan, void* workspace,
                      std::size_t bytes, Stream stream);
Error run_two_pass(const Problem& problem, const Args& args, const TwoPassPlan& plan,
                   void* workspace, std::size_t bytes, Stream stream);
// Uses a plan of plan_host without cascade; anchors shared or per request.
Error upload_unfused(const Problem& problem, const Plan& plan, void* workspace, std::size_t bytes,
                     Stream stream);
Error run_unfused(const Problem& problem, const Args& args, const Plan& plan, void* workspace,
                  std::size_t bytes, Stream stream);

}  // namespace fieldsim::kernels
