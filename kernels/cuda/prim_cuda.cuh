#pragma once
// prim:: for nvcc: thin wrappers of PTX (PTX ISA 7.4, sm_80 and later).
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "kernels/tiling.hpp"

#define FIELDSIM_DEVICE __device__ __forceinline__
#define FIELDSIM_UNROLL _Pragma("unroll")
#define FIELDSIM_UNROLL_BY(n) FIELDSIM_UNROLL_TEXT(unroll n)
#define FIELDSIM_UNROLL_TEXT(text) _Pragma(#text)

namespace fieldsim::kernels::prim {

using SmemAddr = std::uint32_t;  // an address in the shared window
using Policy = std::uint64_t;    // an L2 cache policy

struct alignas(16) Float4 {
  float x, y, z, w;
};
struct alignas(8) Float2 {
  float x, y;
};
struct alignas(8) Half4 {  // four 16-bit elements
  std::uint32_t lo, hi;
};

FIELDSIM_DEVICE int thread_index() { return static_cast<int>(threadIdx.x); }
FIELDSIM_DEVICE int block_index() { return static_cast<int>(blockIdx.x); }

FIELDSIM_DEVICE std::uint8_t* shared_bytes() {
  extern __shared__ __align__(1024) std::uint8_t fieldsim_shared[];
  return fieldsim_shared;
}
FIELDSIM_DEVICE SmemAddr shared_address() {
  return static_cast<SmemAddr>(__cvta_generic_to_shared(shared_bytes()));
}

// KV is read once per launch: let it leave L2 first; anchors and block tables stay.
FIELDSIM_DEVICE Policy policy_evict_first() {
  Policy p;
  asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(p));
  return p;
}
FIELDSIM_DEVICE Policy policy_evict_normal() {
  Policy p;
  asm volatile("createpolicy.fractional.L2::evict_normal.b64 %0, 1.0;" : "=l"(p));
  return p;
}
FIELDSIM_DEVICE Policy policy_evict_last() {
  Policy p;
  asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(p));
  return p;
}

// 16 bytes global -> shared, bypassing L1 and registers; zeros when `valid` is false, and then
// the source is not read.
FIELDSIM_DEVICE void cp_async16(SmemAddr dst, const void* src, bool valid, Policy policy) {
  const int bytes = valid ? 16 : 0;
  asm volatile(
      "cp.async.cg.shared.global.L2::cache_hint.L2::128B [%0], [%1], 16, %2, %3;" ::"r"(dst),
      "l"(src), "r"(bytes), "l"(policy)
      : "memory");
}
FIELDSIM_DEVICE void cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int kPending>
FIELDSIM_DEVICE void cp_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

FIELDSIM_DEVICE void load_matrix(std::uint32_t (&r)[4], SmemAddr row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row)
               : "memory");
}
FIELDSIM_DEVICE void load_matrix_trans(std::uint32_t (&r)[4], SmemAddr row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row)
               : "memory");
}

// c += a (16x16, row) * b (16x8, column), FP32 accumulation.
template <DType kType>
FIELDSIM_DEVICE void mma(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                         std::uint32_t b1) {
  if constexpr (kType == DType::bf16) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}

FIELDSIM_DEVICE float exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
FIELDSIM_DEVICE float log2(float x) {
  float y;
  asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
FIELDSIM_DEVICE float max(float a, float b) { return fmaxf(a, b); }
FIELDSIM_DEVICE float shuffle_xor(float value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
FIELDSIM_DEVICE void sync_warp() { __syncwarp(); }
FIELDSIM_DEVICE void sync_block() { __syncthreads(); }
FIELDSIM_DEVICE void fence() { __threadfence(); }

// Adds one; wraps to zero after `limit`. Returns the old value. Acquires and releases.
FIELDSIM_DEVICE unsigned arrive(std::uint32_t* counter, unsigned limit) {
  unsigned old;
  asm volatile("atom.acq_rel.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(old)
               : "l"(counter), "r"(limit)
               : "memory");
  return old;
}

// Loads that skip L1: partial results of other SMs.
FIELDSIM_DEVICE Float4 load_l2(const Float4* p) {
  const float4 v = __ldcg(reinterpret_cast<const float4*>(p));
  return {v.x, v.y, v.z, v.w};
}
FIELDSIM_DEVICE Float2 load_l2(const Float2* p) {
  const float2 v = __ldcg(reinterpret_cast<const float2*>(p));
  return {v.x, v.y};
}

// Two floats to two 16-bit elements, `a` in the low half; round to nearest even.
template <DType kType>
FIELDSIM_DEVICE std::uint32_t pack(float a, float b) {
  if constexpr (kType == DType::bf16) {
    const __nv_bfloat162 v = __floats2bfloat162_rn(a, b);
    return *reinterpret_cast<const std::uint32_t*>(&v);
  } else {
    const __half2 v = __floats2half2_rn(a, b);
    return *reinterpret_cast<const std::uint32_t*>(&v);
  }
}
template <DType kType>
FIELDSIM_DEVICE float unpack(std::uint16_t bits) {
  if constexpr (kType == DType::bf16)
    return __uint_as_float(static_cast<std::uint32_t>(bits) << 16);
  else
    return __half2float(__ushort_as_half(bits));
}

}  // namespace fieldsim::kernels::prim
