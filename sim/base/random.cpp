#include "sim/base/random.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace fieldsim {

namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53;  // the constants of philox4x32, SC'11 table 2
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
constexpr std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }
constexpr std::uint64_t join(std::uint32_t lo, std::uint32_t hi) {
  return (std::uint64_t{hi} << 32) | lo;
}

// 53 random bits, centred, so that neither 0 nor 1 can come out.
constexpr double open_unit(std::uint64_t v) {
  return (static_cast<double>(v >> 11) + 0.5) * 0x1p-53;
}

}  // namespace

PhiloxBlock philox4x32(PhiloxBlock c, PhiloxKey k) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * c[0];
    const std::uint64_t p1 = std::uint64_t{kMultiplier1} * c[2];
    c = {high(p1) ^ c[1] ^ k[0], low(p1), high(p0) ^ c[3] ^ k[1], low(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

std::uint64_t name_hash(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325;  // FNV-1a, then the finaliser of splitmix64
  for (const char c : name) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3;
  }
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return h ^ (h >> 31);
}

double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<std::int64_t>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > std::numbers::sqrt2) {
    m *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s); |s| <= 0.172, so the 11 terms leave less than 1e-17.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double sum = 0.0;
  for (int k = 21; k >= 3; k -= 2) sum = (sum + 1.0 / k) * z;
  return static_cast<double>(exponent) * std::numbers::ln2 + 2.0 * (s + s * sum);
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view name)
    : seed_(seed), stream_(name_hash(name)) {}

std::array<std::uint64_t, 2> RandomStream::block(std::uint64_t number) const {
  const PhiloxBlock r = philox4x32({low(number), high(number), low(stream_), high(stream_)},
                                   {low(seed_), high(seed_)});
  return {join(r[0], r[1]), join(r[2], r[3])};
}

std::uint64_t RandomStream::next_u64() {
  if (index_++ % 2 != 0) return second_;
  const auto pair = block((index_ - 1) / 2);
  second_ = pair[1];
  return pair[0];
}

double RandomStream::uniform() { return open_unit(next_u64()); }

double RandomStream::exponential(double mean) { return -mean * portable_log(uniform()); }

Duration RandomStream::exponential(Duration mean) {
  const double ps = exponential(static_cast<double>(mean.count()));
  if (ps >= 0x1p63) detail::quantity_overflow();
  return Duration::raw(std::llround(ps));
}

bool RandomStream::bernoulli(double probability) { return uniform() < probability; }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{next_u64()} * bound) >> 64);
}

std::uint64_t RandomStream::at(std::uint64_t index) const { return block(index / 2)[index % 2]; }

double RandomStream::uniform_at(std::uint64_t index) const { return open_unit(at(index)); }

double RandomStream::exponential_at(std::uint64_t index, double mean) const {
  return -mean * portable_log(uniform_at(index));
}

bool RandomStream::bernoulli_at(std::uint64_t index, double probability) const {
  return uniform_at(index) < probability;
}

}  // namespace fieldsim
