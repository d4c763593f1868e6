#pragma once
// two_pass, third launch: merges two normalised results by their log-sum-exps. One CTA of four
// warps takes kThreads / (kDim / 4) rows; a thread owns four columns.
#include "kernels/cuda/combine.cuh"

namespace fieldsim::kernels {

template <int kDim>
inline constexpr int kMergeRows = kThreads / (kDim / 4);

template <DType kType>
FIELDSIM_DEVICE Float4 load_row(const std::uint16_t* from) {
  const prim::Half4 v = *reinterpret_cast<const prim::Half4*>(from);
  const auto low = [](std::uint32_t x) { return static_cast<std::uint16_t>(x & 0xffffu); };
  const auto high = [](std::uint32_t x) { return static_cast<std::uint16_t>(x >> 16); };
  return {prim::unpack<kType>(low(v.lo)), prim::unpack<kType>(high(v.lo)),
          prim::unpack<kType>(low(v.hi)), prim::unpack<kType>(high(v.hi))};
}

template <DType kType, int kDim>
FIELDSIM_DEVICE void merge_body(const MergeParams& p) {
  constexpr int kRowThreads = kDim / 4;
  const int thread = prim::thread_index();
  const std::int64_t row =
      static_cast<std::int64_t>(prim::block_index()) * kMergeRows<kDim> + thread / kRowThreads;
  if (row >= p.rows) return;
  const int column = thread % kRowThreads * 4;
  const std::int64_t token = row / p.q_heads;
  const int head = static_cast<int>(row % p.q_heads);
  const float kv = p.lse_kv[row];
  const float anchors = p.lse_anchors[row];
  float share[2];  // of the paged KV and of the anchors
  float lse = -INFINITY;
  if (p.mixture) {
    const std::int64_t request = p.request_of == nullptr ? 0 : p.request_of[token];
    const float gamma = p.gamma[request * p.gamma_request + head * p.gamma_head];
    const float g = kv == -INFINITY ? 1.0f : anchors == -INFINITY ? 0.0f : gamma;
    share[0] = 1.0f - g;
    share[1] = g;
  } else {
    const float top = prim::max(kv, anchors);
    const float base = finite_base(top);
    const float a = prim::exp2((kv - base) / kLn2);
    const float b = prim::exp2((anchors - base) / kLn2);
    share[0] = a * inverse_sum(a + b);
    share[1] = b * inverse_sum(a + b);
    lse = a + b == 0.0f ? -INFINITY : top + prim::log2(a + b) * kLn2;
  }
  Float4 v{0.0f, 0.0f, 0.0f, 0.0f};
  if (share[0] != 0.0f) add_scaled(v, load_row<kType>(p.out_kv + row * kDim + column), share[0]);
  if (share[1] != 0.0f)
    add_scaled(v, load_row<kType>(p.out_anchors + row * kDim + column), share[1]);
  std::uint16_t* to = p.out + token * p.out_token + head * p.out_head + column;
  *reinterpret_cast<prim::Half4*>(to) = {prim::pack<kType>(v.x, v.y), prim::pack<kType>(v.z, v.w)};
  if (p.lse == nullptr || column != 0) return;
  p.lse[row] = p.mixture ? kv : lse;
  if (p.mixture) p.lse[p.rows + row] = anchors;
}

}  // namespace fieldsim::kernels
