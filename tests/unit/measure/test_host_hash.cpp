#include <catch2/catch.hpp>

#include "validation/measure/host_hash.hpp"

using namespace fieldsim;
using namespace fieldsim::measure;

TEST_CASE("Host hash: the fit finds the cost per call and per byte") {
  std::vector<double> bytes, seconds;
  for (const double n : {64.0, 1024.0, 65'536.0, 16e6}) {
    bytes.push_back(n);
    seconds.push_back(0.26e-6 + n * 0.563e-9);
  }
  const HashCost cost = fit_hash_cost(bytes, seconds);
  CHECK(cost.fixed_s == Approx(0.26e-6).epsilon(1e-6));
  CHECK(cost.per_byte_s == Approx(0.563e-9).epsilon(1e-6));
  CHECK(fit_hash_cost({1}, {1}).per_byte_s == 0);
}

TEST_CASE("Host hash: timings come in two passes and grow with the message") {
  const std::vector<std::uint8_t> data(1 << 20, 3);
  const Timing small = time_hash_calls(data, 64, integrity::sha256_blocks_portable, 0.02);
  const Timing large = time_hash_calls(data, 1 << 20, integrity::sha256_blocks_portable, 0.02);
  CHECK(small.first.count > 0);
  CHECK(small.second.count > 0);
  CHECK(large.all.median > 100 * small.all.median);
  CHECK(time_hash_calls(data, data.size() + 1, integrity::sha256_blocks_portable, 0.01).all.count ==
        0);
}

TEST_CASE("Host hash: threads count as in the machine") {
  CHECK(thread_counts(1) == std::vector<int>{1});
  CHECK(thread_counts(16) == std::vector<int>{1, 2, 4, 8, 16});
  CHECK(thread_counts(12) == std::vector<int>{1, 2, 4, 8, 12});
  const std::vector<std::uint8_t> data(1 << 16, 3);
  CHECK(threaded_hash_rate(data, 4096, 2, integrity::sha256_blocks_portable, 0.02) > 1e6);
  CHECK(threaded_hash_rate(data, 1 << 17, 1, integrity::sha256_blocks_portable, 0.02) == 0);
}
