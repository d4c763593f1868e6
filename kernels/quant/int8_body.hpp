#pragma once
// The kernel's work, written once: nvcc builds it for the device, tests run it thread by thread on
// the CPU. A thread takes 8 consecutive elements at a time: a 16-byte load and an 8-byte store.
#include <cstddef>

#include "kernels/quant/int8.hpp"

namespace fieldsim::integrity {

struct alignas(16) Quad {
  std::uint32_t w[4];
};
struct alignas(8) Pair {
  std::uint32_t w[2];
};

template <class Vector>
FIELDSIM_HD Vector load_vector(const void* p) {
#if defined(__CUDA_ARCH__)
  return *static_cast<const Vector*>(p);
#else
  Vector v{};
  std::memcpy(&v, p, sizeof v);
  return v;
#endif
}

template <class Vector>
FIELDSIM_HD void store_vector(void* p, const Vector& v) {
#if defined(__CUDA_ARCH__)
  *static_cast<Vector*>(p) = v;
#else
  std::memcpy(p, &v, sizeof v);
#endif
}

// Keeps the smallest index; the order in which threads meet NaNs does not matter.
FIELDSIM_HD void note_nan(std::uint64_t* first_nan, std::uint64_t index) {
#if defined(__CUDA_ARCH__)
  static_assert(sizeof(unsigned long long) == sizeof(std::uint64_t));
  atomicMin(reinterpret_cast<unsigned long long*>(first_nan),
            static_cast<unsigned long long>(index));
#else
  std::uint64_t seen = __atomic_load_n(first_nan, __ATOMIC_RELAXED);
  while (index < seen && !__atomic_compare_exchange_n(first_nan, &seen, index, false,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
#endif
}

// The scale of the group at `index`; `fixed` is the per-tensor one, loaded and inverted once a
// thread.
template <bool kPerTensor>
FIELDSIM_HD ScaleInverse scale_at(const Scales& scales, ScaleInverse fixed, std::int64_t index) {
  if (kPerTensor) return fixed;
  return scale_inverse(scales.values[(index / scales.inner) % scales.count]);
}

// Codes of elements [base, base + 8) as two little-endian words. `valid` (1..8) elements are real,
// the codes of the others are 0 whatever `raw` holds.
template <Float16 kType, bool kPerTensor>
FIELDSIM_HD Pair quantize8(const Quad& raw, std::int64_t base, int valid, const Scales& scales,
                           ScaleInverse fixed, std::uint64_t* first_nan) {
  Pair codes{{0, 0}};
  // With 8 | inner the group lies in one channel: one integer division instead of eight.
  const bool one_scale = kPerTensor || scales.inner % 8 == 0;
  ScaleInverse scale = scale_at<kPerTensor>(scales, fixed, base);
  FIELDSIM_HD_UNROLL
  for (int i = 0; i < 8; ++i) {
    const auto bits = static_cast<std::uint16_t>(raw.w[i / 2] >> (16 * (i % 2)) & 0xffffu);
    if (i >= valid) continue;
    if (!one_scale) scale = scale_at<kPerTensor>(scales, fixed, base + i);
    if (is_nan<kType>(bits)) {
      note_nan(first_nan, static_cast<std::uint64_t>(base + i));
    } else {
      const std::int8_t q = quantize_element_fast(widen<kType>(bits), scale);
      codes.w[i / 4] |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(q)) << (8 * (i % 4));
    }
  }
  return codes;
}

// The last, incomplete group is read element by element: nothing past the tensor is touched.
FIELDSIM_HD Quad load_elements(const std::uint16_t* x, int valid) {
  Quad raw{{0, 0, 0, 0}};
  FIELDSIM_HD_UNROLL
  for (int i = 0; i < 8; ++i)
    if (i < valid) raw.w[i / 2] |= static_cast<std::uint32_t>(x[i]) << (16 * (i % 2));
  return raw;
}

FIELDSIM_HD void store_codes(std::int8_t* codes, const Pair& words, int valid) {
  FIELDSIM_HD_UNROLL
  for (int i = 0; i < 8; ++i)
    if (i < valid) codes[i] = static_cast<std::int8_t>(words.w[i / 4] >> (8 * (i % 4)) & 0xffu);
}

// Thread `thread` of `threads`: groups of 8 elements, strided so that a warp's loads are
// contiguous.
template <Float16 kType, bool kPerTensor>
FIELDSIM_HD void quantize_thread(const QuantArgs& args, std::int64_t thread, std::int64_t threads) {
  const ScaleInverse fixed = scale_inverse(args.scales.values[0]);
  for (std::int64_t base = thread * 8; base < args.length; base += threads * 8) {
    const std::int64_t left = args.length - base;
    if (left >= 8) {
      const Quad raw = load_vector<Quad>(args.x + base);
      store_vector(args.codes + base,
                   quantize8<kType, kPerTensor>(raw, base, 8, args.scales, fixed, args.first_nan));
    } else {
      const int valid = static_cast<int>(left);
      const Quad raw = load_elements(args.x + base, valid);
      store_codes(
          args.codes + base,
          quantize8<kType, kPerTensor>(raw, base, valid, args.scales, fixed, args.first_nan),
          valid);
    }
  }
}

}  // namespace fieldsim::integrity
