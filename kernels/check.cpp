// Argument checks: every mistake is found on the host, before any launch, and named.
#include <cstdint>

#include "kernels/plan_internal.hpp"

namespace fieldsim::kernels {
namespace {

constexpr std::int32_t kMaxBatch = 1 << 16;
constexpr std::int32_t kMaxHeads = 1024;
constexpr std::int32_t kMaxTokens = 1 << 26;
// A step's 16 rows are addressed with 32-bit offsets from its 64-bit base.
constexpr std::int64_t kMaxTokenStride = std::int64_t{1} << 26;

bool aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % kCopyBytes == 0;
}
bool aligned(std::int64_t stride) { return stride * kElementBytes % kCopyBytes == 0; }

// The first of its conditions that fails decides the error.
class Checker {
 public:
  Checker& require(bool condition, Status status, const char* argument, const char* reason) {
    if (error_.ok() && !condition) error_ = {status, argument, reason};
    return *this;
  }
  Checker& data(const void* pointer, const char* argument) {
    require(pointer != nullptr, Status::bad_pointer, argument, "is null");
    return require(aligned(pointer), Status::bad_align, argument, "is not 16-byte aligned");
  }
  Checker& stride(std::int64_t elements, const char* argument) {
    require(elements >= 0, Status::bad_shape, argument, "is negative");
    return require(aligned(elements), Status::bad_align, argument,
                   "is not a multiple of 8 elements");
  }
  Checker& token_stride(std::int64_t elements, const char* argument) {
    stride(elements, argument);
    return require(elements < kMaxTokenStride, Status::unsupported, argument,
                   "is 2^26 elements or more");
  }
  Error error() const { return error_; }

 private:
  Error error_;
};

bool in(std::int64_t value, std::int64_t low, std::int64_t high) {
  return low <= value && value <= high;
}

bool known_head_dim(std::int32_t head_dim) {
  for (int d : kHeadDims)
    if (d == head_dim) return true;
  return false;
}

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::bad_shape:
      return "bad_shape";
    case Status::unsupported:
      return "unsupported";
    case Status::bad_pointer:
      return "bad_pointer";
    case Status::bad_align:
      return "bad_align";
    case Status::workspace_small:
      return "workspace_small";
    case Status::bad_plan:
      return "bad_plan";
    case Status::out_of_memory:
      return "out_of_memory";
    case Status::cuda_error:
      return "cuda_error";
  }
  return "unknown";
}

Error check_problem(const Problem& p) {
  Checker c;
  c.require(p.dtype == DType::f16 || p.dtype == DType::bf16, Status::unsupported, "dtype",
            "is neither f16 nor bf16");
  c.require(p.mode == Mode::concat || p.mode == Mode::gamma_mix, Status::unsupported, "mode",
            "is neither concat nor gamma_mix");
  c.require(in(p.batch, 1, kMaxBatch), Status::bad_shape, "batch", "is not in 1..65536");
  c.require(in(p.kv_heads, 1, kMaxHeads), Status::bad_shape, "kv_heads", "is not in 1..1024");
  c.require(in(p.q_heads, 1, kMaxHeads), Status::bad_shape, "q_heads", "is not in 1..1024");
  if (!c.error().ok()) return c.error();
  c.require(p.q_heads % p.kv_heads == 0, Status::bad_shape, "q_heads",
            "is not a multiple of kv_heads");
  c.require(p.q_heads / p.kv_heads <= kMaxGroup, Status::unsupported, "q_heads",
            "has more than 256 heads per KV head");
  c.require(known_head_dim(p.head_dim), Status::unsupported, "head_dim", "is not 64, 128 or 256");
  c.require(in(p.max_q_len, 1, kMaxQueryTokens), Status::unsupported, "max_q_len",
            "is not in 1..64");
  c.require(in(p.max_kv_len, 0, kMaxTokens), Status::bad_shape, "max_kv_len", "is not in 0..2^26");
  c.require(in(p.max_anchors, 0, kMaxTokens), Status::bad_shape, "max_anchors",
            "is not in 0..2^26");
  c.require(!p.cascade || p.shared_anchors, Status::bad_shape, "cascade", "needs shared_anchors");
  c.require(p.scale >= 0.0f && p.scale <= 1e30f, Status::bad_shape, "scale",
            "is negative or not finite");
  return c.error();
}

Error check_lengths(const Problem& p, const Lengths& lengths) {
  Checker c;
  c.require(lengths.kv != nullptr, Status::bad_pointer, "lengths.kv", "is null");
  c.require(!(p.cascade && lengths.anchors != nullptr), Status::unsupported, "lengths.anchors",
            "a cascade shares one anchor count");
  if (!c.error().ok()) return c.error();
  for (std::int32_t b = 0; b < p.batch; ++b) {
    c.require(lengths.kv[b] >= 0, Status::bad_shape, "lengths.kv", "has a negative length");
    c.require(lengths.kv[b] <= p.max_kv_len, Status::bad_shape, "lengths.kv", "exceeds max_kv_len");
    if (lengths.q != nullptr) {
      c.require(lengths.q[b] >= 0, Status::bad_shape, "lengths.q", "has a negative length");
      c.require(lengths.q[b] <= p.max_q_len, Status::bad_shape, "lengths.q", "exceeds max_q_len");
    }
    if (lengths.anchors != nullptr) {
      c.require(lengths.anchors[b] >= 0, Status::bad_shape, "lengths.anchors",
                "has a negative count");
      c.require(lengths.anchors[b] <= p.max_anchors, Status::bad_shape, "lengths.anchors",
                "exceeds max_anchors");
    }
  }
  return c.error();
}

Error check_args(const Problem& p, const Args& a, const Plan& plan) {
  if (Error e = check_problem(p); !e.ok()) return e;
  Checker c;
  c.require(plan.batch == p.batch && plan.tiling.head_dim == p.head_dim && !plan.items.empty(),
            Status::bad_plan, "plan", "was made for another problem");
  c.data(a.q, "q").token_stride(a.q_token, "q_token").token_stride(a.q_head, "q_head");
  c.data(a.out, "out").token_stride(a.out_token, "out_token");
  c.token_stride(a.out_head, "out_head");
  if (plan.max_kv_len > 0) {
    const std::int32_t page = a.kv.page_size;
    c.require(page >= kMinPage && (page & (page - 1)) == 0, Status::bad_shape, "kv.page_size",
              "is not a power of two of at least 16");
    c.data(a.kv.k, "kv.k").data(a.kv.v, "kv.v");
    c.stride(a.kv.k_page, "kv.k_page").token_stride(a.kv.k_token, "kv.k_token");
    c.stride(a.kv.k_head, "kv.k_head").stride(a.kv.v_page, "kv.v_page");
    c.token_stride(a.kv.v_token, "kv.v_token").stride(a.kv.v_head, "kv.v_head");
    c.require(a.block_table != nullptr, Status::bad_pointer, "block_table", "is null");
    c.require(reinterpret_cast<std::uintptr_t>(a.block_table) % alignof(std::int32_t) == 0,
              Status::bad_align, "block_table", "is not 4-byte aligned");
    if (!c.error().ok()) return c.error();
    c.require(a.block_table_stride >= ceil_div(plan.max_kv_len, page), Status::bad_shape,
              "block_table_stride", "is too short for the longest request");
  }
  if (p.max_anchors > 0) {
    c.data(a.anchors.k, "anchors.k").data(a.anchors.v, "anchors.v");
    c.stride(a.anchors.k_set, "anchors.k_set").token_stride(a.anchors.k_token, "anchors.k_token");
    c.stride(a.anchors.k_head, "anchors.k_head").stride(a.anchors.v_set, "anchors.v_set");
    c.token_stride(a.anchors.v_token, "anchors.v_token");
    c.stride(a.anchors.v_head, "anchors.v_head");
  }
  if (p.mode == Mode::gamma_mix) {
    c.require(a.gamma != nullptr, Status::bad_pointer, "gamma", "is null");
    c.require(a.gamma_request >= 0 && a.gamma_head >= 0, Status::bad_shape, "gamma_head",
              "a stride of gamma is negative");
  }
  return c.error();
}

}  // namespace fieldsim::kernels
