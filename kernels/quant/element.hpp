#pragma once
// The quantiser's element function, bit for bit the same on the host and on the device:
//   q = clamp(rne(x / s), -127, 127)
// with x / s the IEEE FP32 quotient (true division: a reciprocal differs on 2.7e-7 of the elements,
// enough to break every tenth hash of a token's KV), rne = round half to even, no flush to zero.
// NaN has no code: callers reject it. Infinities saturate; -0 becomes code 0.
// The host must run in the default rounding mode with subnormals on.
#include <cstdint>
#include <cstring>

#include "kernels/quant/host_device.hpp"

namespace fieldsim::integrity {

enum class Float16 : std::uint8_t { f16 = 1, bf16 = 2 };  // values are part of hash preimages

FIELDSIM_HD float float_of_bits(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
#endif
}

// Both widenings are exact. The device uses its conversion instruction for FP16.
FIELDSIM_HD float widen_f16(std::uint16_t bits) {
#if defined(__CUDA_ARCH__)
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
#else
  const std::uint32_t sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return float_of_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x0400u) return float_of_bits(sign | ((magnitude << 13) + (112u << 23)));
  const float subnormal = static_cast<float>(magnitude) * 0x1p-24F;
  return sign != 0 ? -subnormal : subnormal;
#endif
}

FIELDSIM_HD float widen_bf16(std::uint16_t bits) {
  return float_of_bits(static_cast<std::uint32_t>(bits) << 16);
}

template <Float16 kType>
FIELDSIM_HD float widen(std::uint16_t bits) {
  return kType == Float16::f16 ? widen_f16(bits) : widen_bf16(bits);
}

template <Float16 kType>
FIELDSIM_HD bool is_nan(std::uint16_t bits) {
  return (bits & 0x7fffu) > (kType == Float16::f16 ? 0x7c00u : 0x7f80u);
}

// The unflagged PTX form: -use_fast_math, -ftz and -prec-div cannot change it.
FIELDSIM_HD float divide_rn(float x, float s) {
#if defined(__CUDA_ARCH__)
  float quotient;
  asm("div.rn.f32 %0, %1, %2;" : "=f"(quotient) : "f"(x), "f"(s));
  return quotient;
#else
  return x / s;
#endif
}

FIELDSIM_HD std::uint32_t bits_of_float(float value) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(value);
#else
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
#endif
}

// Adding 1.5 * 2^23 leaves no fraction bits: for |q| <= 127 the addition itself rounds half to even
// and the sum's low byte is the integer in two's complement (a conversion instruction is slower).
inline constexpr float kRoundingMagic = 12582912.0F;

FIELDSIM_HD float clamp_127(float q) {
  q = q > 127.0F ? 127.0F : q;
  return q < -127.0F ? -127.0F : q;
}

// Code of a non-NaN x at a positive, finite, normal scale. Clamping before rounding gives the same
// code as after it, because 127 is an integer and rounding is monotone.
FIELDSIM_HD std::int8_t quantize_element(float x, float s) {
  const float rounded = clamp_127(divide_rn(x, s)) + kRoundingMagic;
  return static_cast<std::int8_t>(bits_of_float(rounded) & 0xffu);
}

// Not FMA-contracted, not flushed: see divide_rn.
FIELDSIM_HD float multiply_rn(float x, float y) {
#if defined(__CUDA_ARCH__)
  float product;
  asm("mul.rn.f32 %0, %1, %2;" : "=f"(product) : "f"(x), "f"(y));
  return product;
#else
  return x * y;
#endif
}

// The same code without a division in 99.98 % of the cases. x * (1/s) is within 3 * 2^-24 relative
// of x / s, so below 127 within 2.3e-5; further than that from a rounding boundary (a half-integer,
// itself an FP32 number) product, quotient and rounded quotient lie on the same side of it. Scales
// above 2^126 have a subnormal reciprocal of 21 bits or more, but then |x / s| < 4: within 1e-6.
inline constexpr float kBoundaryZone = 0.5F - 0x1p-14F;

struct ScaleInverse {
  float s;
  float inverse;
};

FIELDSIM_HD ScaleInverse scale_inverse(float s) { return ScaleInverse{s, divide_rn(1.0F, s)}; }

FIELDSIM_HD std::int8_t quantize_element_fast(float x, ScaleInverse scale) {
  const float q = clamp_127(multiply_rn(x, scale.inverse));
  const float rounded = q + kRoundingMagic;
  const float fraction = q - (rounded - kRoundingMagic);
  if (fraction > kBoundaryZone || fraction < -kBoundaryZone) return quantize_element(x, scale.s);
  return static_cast<std::int8_t>(bits_of_float(rounded) & 0xffu);
}

// A usable scale: positive, finite and normal (a subnormal one would be zero to hardware that
// flushes).
FIELDSIM_HD bool scale_ok(float s) { return s >= 0x1p-126F && s <= 0x1.fffffep127F; }

}  // namespace fieldsim::integrity
