#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "sim/config/quantity.hpp"
#include "support.hpp"

using namespace fieldsim::config;

namespace {
constexpr Dimension kAll[] = {
    Dimension::time,          Dimension::size,      Dimension::bandwidth,   Dimension::frequency,
    Dimension::work,          Dimension::work_rate, Dimension::power,       Dimension::energy,
    Dimension::transfer_rate, Dimension::cycles,    Dimension::arrival_rate};

// As many magnitudes as there are bits, and round numbers among them.
std::int64_t any_count(std::mt19937_64& r) {
  const auto shift = r() % 63;
  auto n = static_cast<std::int64_t>((r() >> 1) >> shift);
  for (auto zeros = r() % 12; zeros > 0 && n < std::numeric_limits<std::int64_t>::max() / 10;
       --zeros)
    n *= 10;
  return n;
}
}  // namespace

TEST_CASE("a quantity that is printed and read again is the same") {
  std::mt19937_64 r(7);
  for (const Dimension d : kAll) {
    for (int i = 0; i < 5'000; ++i) {
      const std::int64_t n = i == 0   ? std::numeric_limits<std::int64_t>::max()
                             : i == 1 ? 0
                                      : any_count(r);
      const std::string text = to_string(d, n);
      const Parsed<std::int64_t> back = parse_quantity(text, d);
      INFO(text << " " << back.error);
      REQUIRE(back.value == n);
    }
  }
}

TEST_CASE("every unit of every dimension is read and no other dimension takes it") {
  for (const Dimension d : kAll) {
    for (const std::string& unit : unit_names(d)) {
      INFO(unit);
      CHECK(parse_quantity("8 " + unit, d).value);
      CHECK(parse_quantity("8" + unit, d).value);
      for (const Dimension other : kAll)
        if (other != d) CHECK_FALSE(parse_quantity("8 " + unit, other).value);
    }
    CHECK(parse_quantity(dimension_example(d), d).value);
  }
}

TEST_CASE("any text is a quantity or an error with a message") {
  std::mt19937_64 r(8);
  const std::string alphabet = "0123456789.eE+-_ %/GMKTiBbsHzWJuFLOP\xC2\xB5";
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (auto n = r() % 16; n > 0; --n) text += alphabet[r() % alphabet.size()];
    const Dimension d = kAll[r() % std::size(kAll)];
    const Parsed<std::int64_t> q = parse_quantity(text, d);
    INFO(text);
    REQUIRE(q.value.has_value() == q.error.empty());
    if (q.value) REQUIRE(*q.value >= 0);
    REQUIRE(parse_count(text).value.has_value() == parse_count(text).error.empty());
    REQUIRE(parse_ratio(text).value.has_value() == parse_ratio(text).error.empty());
  }
}
