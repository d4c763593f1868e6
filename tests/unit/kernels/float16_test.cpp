// The emulator's conversions against the compiler's _Float16, and bfloat16 against its definition.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>

#include "kernels/emu/float16.hpp"

using namespace fieldsim::kernels;

namespace {

__extension__ using Half = _Float16;

std::uint16_t bits(Half h) {
  std::uint16_t b;
  std::memcpy(&b, &h, 2);
  return b;
}
bool is_nan(std::uint16_t b) { return (b & 0x7fffu) > 0x7c00u; }

}  // namespace

TEST_CASE("every FP16 value converts exactly and back") {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto b = static_cast<std::uint16_t>(i);
    Half h;
    std::memcpy(&h, &b, 2);
    const float mine = f16_to_float(b);
    if (is_nan(b)) {
      REQUIRE(std::isnan(mine));
      continue;
    }
    REQUIRE(mine == static_cast<float>(h));
    REQUIRE(std::signbit(mine) == ((b & 0x8000u) != 0));
    REQUIRE(float_to_f16(mine) == b);
  }
}

TEST_CASE("float to FP16 rounds as the compiler does") {
  std::mt19937 random(1);
  for (int i = 0; i < 2000000; ++i) {
    const float f = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const std::uint16_t mine = float_to_f16(f);
    if (std::isnan(f)) {
      REQUIRE(is_nan(mine));
      continue;
    }
    REQUIRE(mine == bits(static_cast<Half>(f)));
  }
  for (float f : {65504.0f, 65519.996f, 65520.0f, 1e30f, 5.96e-8f, 2.98e-8f, 2.99e-8f, 6.0e-5f})
    for (float sign : {1.0f, -1.0f})
      CHECK(float_to_f16(sign * f) == bits(static_cast<Half>(sign * f)));
}

TEST_CASE("BF16 rounds to nearest, ties to even") {
  CHECK(float_to_bf16(1.0f) == 0x3f80);
  CHECK(float_to_bf16(1.0f + 0x1p-8f) == 0x3f80);            // tie, to even
  CHECK(float_to_bf16(1.0f + 0x1p-7f + 0x1p-8f) == 0x3f82);  // tie, to even
  CHECK(float_to_bf16(1.0f + 0x1p-8f + 0x1p-20f) == 0x3f81);
  CHECK(float_to_bf16(INFINITY) == 0x7f80);
  CHECK(float_to_bf16(3.4e38f) == 0x7f80);
  CHECK(std::isnan(bf16_to_float(float_to_bf16(NAN))));
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto b = static_cast<std::uint16_t>(i);
    if (!std::isnan(bf16_to_float(b))) REQUIRE(float_to_bf16(bf16_to_float(b)) == b);
  }
}
