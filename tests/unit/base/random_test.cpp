#include "sim/base/random.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using namespace fieldsim;
using namespace fieldsim::literals;

TEST_CASE("philox4x32-10 gives the known answers of Random123") {
  // Random123 1.14, tests/kat_vectors.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t kOnes = 0xffffffff;
  CHECK(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("an indexed draw is the draw that the stream gives at this place") {
  RandomStream walked(7, "gpu0.faults");
  const RandomStream indexed(7, "gpu0.faults");
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(walked.position() == i);
    CHECK(walked.next_u64() == indexed.at(i));
  }
  RandomStream u(7, "gpu0.faults");
  RandomStream e(7, "gpu0.faults");
  RandomStream b(7, "gpu0.faults");
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(u.uniform() == indexed.uniform_at(i));
    CHECK(e.exponential(2.5) == indexed.exponential_at(i, 2.5));
    CHECK(b.bernoulli(0.3) == indexed.bernoulli_at(i, 0.3));
  }
}

TEST_CASE("the draws of a stream depend on its seed and name only") {
  RandomStream alone(1, "a");
  RandomStream first(1, "a");
  RandomStream other(1, "b");
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(other.next_u64());
    CHECK(alone.next_u64() == first.next_u64());
  }
  std::set<std::uint64_t> starts;
  for (const char* name : {"", "a", "b", "ab", "ba", "gpu0", "gpu1", "gpu10"})
    for (std::uint64_t seed : {0ULL, 1ULL, 2ULL, 1ULL << 32})
      starts.insert(RandomStream(seed, name).at(0));
  CHECK(starts.size() == 32);
}

TEST_CASE("draws of two streams are not correlated") {
  RandomStream a(1, "link0");
  RandomStream b(1, "link1");
  constexpr int kDraws = 100'000;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  CHECK(std::abs(sum / kDraws) < 4.0 / 12.0 / std::sqrt(double{kDraws}));  // 4 standard errors
}

TEST_CASE("uniform draws fill the open unit interval evenly") {
  RandomStream r(3, "u");
  constexpr int kBins = 64;
  constexpr int kDraws = 640'000;
  std::array<int, kBins> bins{};
  double low = 1.0;
  double high = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = r.uniform();
    low = std::min(low, u);
    high = std::max(high, u);
    ++bins[static_cast<std::size_t>(u * kBins)];
  }
  CHECK(low > 0.0);
  CHECK(high < 1.0);
  double chi2 = 0;
  for (const int n : bins) chi2 += std::pow(n - kDraws / kBins, 2) / (kDraws / kBins);
  CHECK(chi2 < 63 + 4 * std::sqrt(2.0 * 63));
}

TEST_CASE("exponential draws have their mean, their variance and whole picoseconds") {
  RandomStream r(5, "e");
  constexpr int kDraws = 400'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = r.exponential(3.0);
    REQUIRE(x > 0);
    sum += x;
    squares += x * x;
  }
  CHECK(sum / kDraws == Approx(3.0).epsilon(4.0 / std::sqrt(double{kDraws})));
  CHECK(squares / kDraws == Approx(18.0).epsilon(4.0 * std::sqrt(5.0 / kDraws)));
  CHECK(RandomStream(5, "e").exponential(1_us).count() ==
        std::llround(RandomStream(5, "e").exponential(1e6)));
}

TEST_CASE("bernoulli and bounded draws hit their probabilities") {
  RandomStream r(9, "b");
  constexpr int kDraws = 200'000;
  int hits = 0;
  std::array<int, 7> faces{};
  for (int i = 0; i < kDraws; ++i) {
    hits += r.bernoulli(0.001) ? 1 : 0;
    ++faces.at(r.below(7));
  }
  CHECK(hits == Approx(200).margin(4 * std::sqrt(200.0)));
  for (const int n : faces) CHECK(n == Approx(kDraws / 7.0).margin(4 * std::sqrt(kDraws / 7.0)));
  CHECK_FALSE(r.bernoulli(0.0));
  CHECK(r.bernoulli(1.0));
}

TEST_CASE("the portable logarithm agrees with libm to 2 ulp") {
  RandomStream r(11, "log");
  for (int i = 0; i < 100'000; ++i) {
    const double x = i % 2 == 0 ? r.uniform() : std::exp((r.uniform() - 0.5) * 1400);
    const double exact = std::log(x);
    REQUIRE(std::abs(portable_log(x) - exact) <=
            2 * std::abs(std::nextafter(exact, 1e308) - exact) + 1e-18);
  }
  CHECK(portable_log(1.0) == 0.0);
}
