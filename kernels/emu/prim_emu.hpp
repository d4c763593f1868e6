#pragma once
// prim:: for a host compiler. This header is compiled with the kernels, so their sanitizer sees the
// memory that a kernel touches; the emulator behind it is not instrumented.
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/emu/float16.hpp"
#include "kernels/emu/grid.hpp"

#define FIELDSIM_DEVICE inline
#define FIELDSIM_UNROLL
#define FIELDSIM_UNROLL_BY(n)

#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_read16(void* address);
extern "C" void __tsan_write16(void* address);
#endif

namespace fieldsim::kernels::prim {

using SmemAddr = std::uint32_t;  // offset from the CTA's shared memory
using Policy = std::uint64_t;

struct alignas(16) Float4 {
  float x, y, z, w;
};
struct alignas(8) Float2 {
  float x, y;
};
struct alignas(8) Half4 {
  std::uint32_t lo, hi;
};

inline int thread_index() { return emu::thread_index(); }
inline int block_index() { return emu::block_index(); }
inline std::uint8_t* shared_bytes() { return emu::shared_bytes(); }
inline SmemAddr shared_address() { return 0; }

inline Policy policy_evict_first() { return 0; }
inline Policy policy_evict_normal() { return 0; }
inline Policy policy_evict_last() { return 0; }

// What a 16-byte access looks like to the sanitizers.
inline void note_shared_read([[maybe_unused]] SmemAddr at) {
#if defined(__SANITIZE_THREAD__)
  __tsan_read16(emu::shared_bytes() + at);
#endif
}
inline void note_shared_write([[maybe_unused]] SmemAddr at) {
#if defined(__SANITIZE_THREAD__)
  __tsan_write16(emu::shared_bytes() + at);
#endif
}
inline void note_global_read(const void* from) {
#if defined(__SANITIZE_THREAD__)
  __tsan_read16(const_cast<void*>(from));
#endif
  const volatile char* bytes = static_cast<const volatile char*>(from);
  static_cast<void>(bytes[0]);
  static_cast<void>(bytes[15]);
}

inline void cp_async16(SmemAddr dst, const void* src, bool valid, Policy) {
  note_shared_write(dst);
  if (valid) note_global_read(src);
  emu::cp_async16(dst, src, valid);
}
inline void cp_commit() { emu::cp_commit(); }
template <int kPending>
inline void cp_wait() {
  emu::cp_wait(kPending);
}

inline void load_matrix(std::uint32_t (&r)[4], SmemAddr row) {
  note_shared_read(row);
  emu::load_matrix(r, row, false);
}
inline void load_matrix_trans(std::uint32_t (&r)[4], SmemAddr row) {
  note_shared_read(row);
  emu::load_matrix(r, row, true);
}
template <DType kType>
inline void mma(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  emu::mma(kType, c, a, b0, b1);
}

inline float exp2(float x) {
  emu::count_exp2();
  return std::exp2(x);
}
inline float log2(float x) { return std::log2(x); }
inline float max(float a, float b) { return std::fmax(a, b); }
inline float shuffle_xor(float value, int mask) { return emu::shuffle_xor(value, mask); }
inline void sync_warp() { emu::sync_warp(); }
inline void sync_block() { emu::sync_block(); }
inline void fence() {}
inline unsigned arrive(std::uint32_t* counter, unsigned limit) {
  return emu::arrive(counter, limit);
}

inline Float4 load_l2(const Float4* p) {
  emu::count_partial_read(sizeof(Float4));
  return *p;
}
inline Float2 load_l2(const Float2* p) {
  emu::count_partial_read(sizeof(Float2));
  return *p;
}

template <DType kType>
inline std::uint32_t pack(float a, float b) {
  return from_float(kType, a) | static_cast<std::uint32_t>(from_float(kType, b)) << 16;
}
template <DType kType>
inline float unpack(std::uint16_t bits) {
  return to_float(kType, bits);
}

}  // namespace fieldsim::kernels::prim
