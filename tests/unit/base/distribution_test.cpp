// Draws against their closed forms.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/distribution.hpp"

using namespace fieldsim;

TEST_CASE("the portable exponential is that of the library within 1e-14") {
  for (double x = -700; x <= 700; x += 0.37)
    CHECK(portable_exp(x) == Approx(std::exp(x)).epsilon(1e-13));
}

TEST_CASE("normal quantiles of tables") {
  CHECK(normal_quantile(0.5) == Approx(0.0).margin(1e-9));
  CHECK(normal_quantile(0.975) == Approx(1.9599639845).margin(1e-6));
  CHECK(normal_quantile(0.01) == Approx(-2.3263478740).margin(1e-6));
  CHECK(normal_quantile(1e-9) == Approx(-5.9978070150).margin(1e-5));
}

TEST_CASE("means of drawn values are those of their distributions") {
  RandomStream random(7, "draws");
  const Draw draws[] = {{Draw::Shape::exponential, 5, 0}, {Draw::Shape::uniform, 2, 6},
                        {Draw::Shape::lognormal, 3, 0.5}, {Draw::Shape::geometric, 40, 0},
                        {Draw::Shape::geometric, 1, 0},   {Draw::Shape::constant, 9, 0}};
  for (const Draw& d : draws) {
    constexpr int kDraws = 100'000;
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) sum += d.at(random.uniform());
    CAPTURE(static_cast<int>(d.shape));
    CHECK(sum / kDraws == Approx(d.mean()).epsilon(0.02));
  }
}

TEST_CASE("a geometric count is at least one, and memoryless") {
  RandomStream random(3, "geometric");
  const auto d = Drawn<std::int64_t>{
      .constant = {}, .exponential = {}, .uniform = {}, .lognormal = {}, .geometric = 4};
  int ones = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::int64_t n = d.at(random.uniform());
    REQUIRE(n >= 1);
    ones += n == 1 ? 1 : 0;
  }
  CHECK(ones / 40'000.0 == Approx(0.25).margin(0.01));
}
