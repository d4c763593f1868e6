// Bit-exactness of the INT8 quantiser over every 16-bit pattern.
#include <catch2/catch.hpp>
#include <cfloat>
#include <random>
#include <vector>

#include "kernels/quant/int8.hpp"
#include "tests/unit/quant/exact.hpp"

using namespace fieldsim::integrity;

namespace {

// Around 1, awkward reciprocals, both ends of the range, powers of two (every tie is exact there),
// and random ones over FP16's and BF16's magnitudes.
std::vector<float> scales() {
  std::vector<float> s{1.0F,    0.5F,    0.0078125F, 0.01F,           1.0F / 127.0F,  0.3F,
                       3.0F,    7.0F,    1e-4F,      6.1e-5F,         5.9604645e-8F,  515.9F,
                       FLT_MIN, FLT_MAX, 0x1p125F,   0x1.000002p125F, 0x1.fffffep-1F, 0x1.000002p0F,
                       1e30F,   1e-30F};
  std::mt19937 random(20);
  std::uniform_real_distribution<float> exponent(-20.0F, 8.0F);
  for (int i = 0; i < 20; ++i) s.push_back(std::exp2(exponent(random)));
  return s;
}

int expected(Float16 type, std::uint16_t bits, float s) {
  const exact::Number x = type == Float16::f16 ? exact::decode_f16(bits) : exact::decode_bf16(bits);
  return exact::code(x, exact::decode_scale(s));
}

bool nan_bits(Float16 type, std::uint16_t bits) {
  return (type == Float16::f16 ? exact::decode_f16(bits) : exact::decode_bf16(bits)).nan;
}

float widened(Float16 type, std::uint16_t bits) {
  return type == Float16::f16 ? widen_f16(bits) : widen_bf16(bits);
}

}  // namespace

TEST_CASE("INT8 quantiser: the reference equals integer arithmetic on all 16-bit patterns") {
  const Float16 type = GENERATE(Float16::f16, Float16::bf16);
  for (const float s : scales()) {
    int wrong = 0, nans = 0;
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      const auto x = static_cast<std::uint16_t>(bits);
      std::int8_t code = -128;
      const Outcome outcome = quantize_int8_reference(type, &x, 1, Scales{&s, 1, 1}, &code);
      if (nan_bits(type, x)) {
        ++nans;
        wrong += outcome.code != Code::nan_input || outcome.index != 0;
      } else {
        wrong += !outcome.ok() || code != expected(type, x, s);
      }
    }
    INFO("scale " << s);
    CHECK(wrong == 0);
    CHECK(nans == (type == Float16::f16 ? 2 * 1023 : 2 * 127));
  }
}

TEST_CASE("INT8 quantiser: the path without a division gives the same codes as the division") {
  const Float16 type = GENERATE(Float16::f16, Float16::bf16);
  int wrong = 0;
  for (const float s : scales())
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      const auto x = static_cast<std::uint16_t>(bits);
      if (nan_bits(type, x)) continue;
      const float value = widened(type, x);
      wrong += quantize_element_fast(value, scale_inverse(s)) != quantize_element(value, s);
    }
  CHECK(wrong == 0);
}

TEST_CASE("INT8 quantiser: FP32 values next to every rounding boundary, both paths") {
  // 16-bit inputs hit few boundaries at odd scales; these sit within 4 ulp of each of them.
  int wrong = 0;
  for (const float s : scales()) {
    if (s > 1e30F || s < 1e-30F) continue;
    for (int boundary = -128; boundary <= 128; ++boundary) {
      const float at = (static_cast<float>(boundary) + 0.5F) * s;
      for (int ulp = -4; ulp <= 4; ++ulp) {
        const std::uint32_t near =
            std::bit_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(ulp);
        const float x = std::bit_cast<float>(near);
        const int want = exact::code(exact::decode(near, 8, 23), exact::decode_scale(s));
        wrong += quantize_element(x, s) != want;
        wrong += quantize_element_fast(x, scale_inverse(s)) != want;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("INT8 quantiser: ties go to even, the range saturates, minus zero is zero") {
  const std::vector<std::pair<float, int>> cases{
      {0.5F, 0},       {1.5F, 2},      {2.5F, 2},       {-0.5F, 0},
      {-1.5F, -2},     {-2.5F, -2},    {126.5F, 126},   {126.75F, 127},
      {127.5F, 127},   {1000.0F, 127}, {-0.0F, 0},      {-126.5F, -126},
      {-127.5F, -127}, {-1e30F, -127}, {INFINITY, 127}, {-INFINITY, -127}};
  for (const auto& [x, code] : cases) {
    CHECK(int{quantize_element(x, 1.0F)} == code);
    CHECK(int{quantize_element_fast(x, scale_inverse(1.0F))} == code);
  }
}

TEST_CASE("INT8 quantiser: widening is exact on every pattern") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits)
    for (const Float16 type : {Float16::f16, Float16::bf16}) {
      const auto x = static_cast<std::uint16_t>(bits);
      const exact::Number n = type == Float16::f16 ? exact::decode_f16(x) : exact::decode_bf16(x);
      const float value = widened(type, x);
      if (n.nan) {
        wrong += value == value;
        continue;
      }
      double want = n.infinite ? static_cast<double>(INFINITY)
                               : std::ldexp(static_cast<double>(n.mantissa), n.exponent);
      if (n.negative) want = -want;
      wrong += static_cast<double>(value) != want || std::signbit(value) != n.negative;
    }
  CHECK(wrong == 0);
}
