// The kernel's own body, run thread by thread on the CPU, against the reference.
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "kernels/quant/int8_body.hpp"

using namespace fieldsim::integrity;

namespace {

std::vector<std::uint16_t> random_bits(std::size_t n, Float16 type, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::uint16_t> x(n);
  for (auto& bits : x) do
      bits = static_cast<std::uint16_t>(random());
    while (type == Float16::f16 ? is_nan<Float16::f16>(bits) : is_nan<Float16::bf16>(bits));
  return x;
}

template <Float16 kType>
void launch(const QuantArgs& args, int threads) {
  for (int t = threads - 1; t >= 0; --t)  // any order must do
    if (args.scales.count == 1)
      quantize_thread<kType, true>(args, t, threads);
    else
      quantize_thread<kType, false>(args, t, threads);
}

void launch(const QuantArgs& args, int threads) {
  if (args.type == Float16::f16) return launch<Float16::f16>(args, threads);
  launch<Float16::bf16>(args, threads);
}

}  // namespace

TEST_CASE(
    "INT8 kernel body equals the reference for lengths around the vector width and the grid") {
  const Float16 type = GENERATE(Float16::f16, Float16::bf16);
  const std::int64_t channels = GENERATE(1, 3, 16);
  const std::int64_t inner = GENERATE(1, 5, 8, 64);
  std::vector<float> scale(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < scale.size(); ++i) scale[i] = 0.001F * static_cast<float>(3 * i + 1);
  for (const std::int64_t length : {0, 1, 7, 8, 9, 15, 63, 64, 1000, 4096, 4099}) {
    const auto n = static_cast<std::size_t>(length);
    const auto x = random_bits(n, type, static_cast<std::uint32_t>(length + channels));
    std::vector<std::int8_t> want(n), got(n + 8, 99);  // the 8 behind must stay untouched
    const Scales scales{scale.data(), channels, inner};
    REQUIRE(quantize_int8_reference(type, x.data(), length, scales, want.data()).ok());
    std::uint64_t first_nan = kNoNan;
    launch(QuantArgs{type, x.data(), length, scales, got.data(), &first_nan}, 37);
    CHECK(first_nan == kNoNan);
    CHECK(std::vector<std::int8_t>(got.begin(), got.begin() + length) == want);
    CHECK(std::vector<std::int8_t>(got.begin() + length, got.end()) ==
          std::vector<std::int8_t>(8, 99));
  }
}

TEST_CASE("INT8 kernel body reports the smallest NaN index, whatever the thread order") {
  auto x = random_bits(5000, Float16::bf16, 3);
  for (const std::size_t at : {4999u, 1234u, 1233u, 2000u}) x[at] = 0xff81;
  const float s = 0.02F;
  std::vector<std::int8_t> codes(x.size());
  std::uint64_t first_nan = kNoNan;
  launch(QuantArgs{Float16::bf16, x.data(), 5000, Scales{&s, 1, 1}, codes.data(), &first_nan}, 96);
  CHECK(first_nan == 1233);
}
