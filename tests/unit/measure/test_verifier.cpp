#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <vector>

#include "validation/measure/verifier.hpp"

using namespace fieldsim;
using measure::Timeline;
using measure::Verifier;

namespace {
const std::vector<std::uint8_t> kGood(10'000, 7), kBad(10'000, 8);
integrity::Digest expected() { return integrity::sha256(kGood.data(), kGood.size()); }
}  // namespace

TEST_CASE("Verifier: counts payloads that differ from what was promoted") {
  Timeline timeline;
  Verifier v(expected(), integrity::sha256_blocks_portable, &timeline, 1);
  for (int i = 0; i < 20; ++i)
    v.submit({{}, i % 5 == 0 ? kBad.data() : kGood.data(), kGood.size()});
  v.wait_until_outstanding(0);
  CHECK(v.submitted() == 20);
  CHECK(v.mismatches() == 4);
  CHECK(timeline.size() == 20);
}

TEST_CASE("Verifier: the window holds the generator back until a verdict is in") {
  std::promise<void> data_arrives;
  std::shared_future<void> arrived = data_arrives.get_future().share();
  Verifier v(expected(), integrity::sha256_blocks_portable, nullptr, 0);
  for (int i = 0; i < 3; ++i) v.submit({[arrived] { arrived.wait(); }, kGood.data(), kGood.size()});
  v.wait_until_outstanding(3);  // returns at once: three are out, three are allowed
  auto blocked = std::async(std::launch::async, [&] { v.wait_until_outstanding(2); });
  CHECK(blocked.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  data_arrives.set_value();
  CHECK(blocked.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  v.wait_until_outstanding(0);
  CHECK(v.mismatches() == 0);
}

TEST_CASE("Verifier: destruction finishes what was submitted") {
  std::atomic<int> waited{0};
  {
    Verifier v(expected(), integrity::sha256_blocks_portable, nullptr, 0);
    for (int i = 0; i < 10; ++i) v.submit({[&] { ++waited; }, kGood.data(), kGood.size()});
  }
  CHECK(waited == 10);
}
