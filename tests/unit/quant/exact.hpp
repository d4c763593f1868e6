#pragma once
// The quantiser's rule in integer arithmetic only: no floating-point operation of the code under
// test, no rounding mode, no conversion instruction. q = clamp(rne(rn24(x / s)), -127, 127).
#include <bit>
#include <cstdint>

namespace exact {

struct Number {  // (-1)^negative * mantissa * 2^exponent
  bool negative = false, infinite = false, nan = false;
  std::uint64_t mantissa = 0;
  int exponent = 0;
};

inline Number decode(std::uint32_t bits, int exponent_bits, int mantissa_bits) {
  const std::uint32_t mantissa = bits & ((1u << mantissa_bits) - 1);
  const int top = (1 << exponent_bits) - 1, bias = top / 2;
  const int e = static_cast<int>(bits >> mantissa_bits) & top;
  Number n;
  n.negative = (bits >> (mantissa_bits + exponent_bits) & 1u) != 0;
  n.infinite = e == top && mantissa == 0;
  n.nan = e == top && mantissa != 0;
  n.mantissa = e == 0 ? mantissa : mantissa | 1u << mantissa_bits;
  n.exponent = (e == 0 ? 1 : e) - bias - mantissa_bits;
  return n;
}

// m * 2^-shift, rounded half to even; `sticky` says that a bit below m was not zero.
inline std::uint64_t round_half_even(std::uint64_t m, int shift, bool sticky) {
  if (shift <= 0) return m << -shift;
  if (shift > 63) return 0;
  const std::uint64_t rest = m & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  std::uint64_t q = m >> shift;
  if (rest > half || (rest == half && (sticky || (q & 1) != 0))) ++q;
  return q;
}

// The code of a number that is not NaN at a positive, finite, normal scale.
inline int code(const Number& x, const Number& s) {
  if (x.infinite) return x.negative ? -127 : 127;
  if (x.mantissa == 0) return 0;
  // Quotient with at least 26 bits and a sticky bit, then rounded to FP32's 24.
  const int up = 50 - static_cast<int>(std::bit_width(x.mantissa));
  std::uint64_t q = (x.mantissa << up) / s.mantissa;
  const bool sticky = (x.mantissa << up) % s.mantissa != 0;
  int e = x.exponent - up - s.exponent;
  const int drop = static_cast<int>(std::bit_width(q)) - 24;
  q = round_half_even(q, drop, sticky);
  e += drop;
  if (e >= 0) return x.negative ? -127 : 127;  // at least 2^23
  // Below 2^-126 FP32 has fewer bits than assumed here; any such quotient is code 0 anyway.
  const std::uint64_t magnitude = round_half_even(q, -e, false);
  const int clamped = magnitude > 127 ? 127 : static_cast<int>(magnitude);
  return x.negative ? -clamped : clamped;
}

inline Number decode_scale(float s) { return decode(std::bit_cast<std::uint32_t>(s), 8, 23); }
inline Number decode_f16(std::uint16_t bits) { return decode(bits, 5, 10); }
inline Number decode_bf16(std::uint16_t bits) { return decode(bits, 8, 7); }

}  // namespace exact
