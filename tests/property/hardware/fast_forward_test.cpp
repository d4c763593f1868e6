// Advancing a quiet device in one event changes no time, no byte and no account.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/des/trace.hpp"
#include "tests/property/hardware/random_load.hpp"

using namespace fieldsim;
using namespace fieldsim::hardware;
using test::Load;
using test::LoadMaker;

namespace {

constexpr int kLoads = 3000;

void same_with_and_without(bool grid, bool cancels) {
  std::uint64_t elided = 0, elided_without = 0;
  for (int i = 0; i < kLoads; ++i) {
    const Load load = LoadMaker(static_cast<std::uint64_t>(i), grid, cancels).make();
    const auto fast = test::play(load, true, &elided);
    const auto slow = test::play(load, false, &elided_without);
    CAPTURE(i, grid, cancels);
    REQUIRE(fast == slow);
  }
  CHECK(elided > 10'000u);
  CHECK(elided_without == 0u);
}

// Adds up what is drawn, by track name.
class Sums : public des::TraceSink {
 public:
  des::TrackId track(std::string_view, std::string_view) override { return {0}; }
  void span(des::TrackId, std::string_view name, Time begin, Time end) override {
    if (name == "k") spans.push_back({begin, end});
  }
  void instant(des::TrackId, std::string_view, Time) override {}
  void counter(std::string_view, Time, double) override {}
  void flow_begin(std::uint64_t, des::TrackId, std::string_view, Time) override {}
  void flow_step(std::uint64_t, des::TrackId, std::string_view, Time) override {}
  void flow_end(std::uint64_t, des::TrackId, std::string_view, Time) override {}
  std::vector<std::pair<Time, Time>> spans;
};

}  // namespace

TEST_CASE("fast-forward changes nothing in random loads") { same_with_and_without(false, false); }

TEST_CASE("fast-forward changes nothing when everything happens at once") {
  same_with_and_without(true, false);
}

// Not on the grid: a cancellation at the very picosecond at which a kernel ends drops the next
// kernel or not by the order of two events, and that order is not the same.
TEST_CASE("fast-forward changes nothing when programs are cancelled") {
  same_with_and_without(false, true);
}

TEST_CASE("fast-forward draws the same kernels") {
  for (int i = 0; i < 300; ++i) {
    const Load load = LoadMaker(static_cast<std::uint64_t>(i), false, true).make();
    Sums fast, slow;
    test::play(load, true, nullptr, &fast);
    test::play(load, false, nullptr, &slow);
    std::sort(fast.spans.begin(), fast.spans.end());
    std::sort(slow.spans.begin(), slow.spans.end());
    CAPTURE(i);
    REQUIRE(fast.spans == slow.spans);
  }
}

TEST_CASE("a trace changes no result") {
  for (int i = 0; i < 300; ++i) {
    const Load load = LoadMaker(static_cast<std::uint64_t>(i), false, true).make();
    Sums sums;
    CAPTURE(i);
    REQUIRE(test::play(load, true, nullptr, &sums) == test::play(load, true));
  }
}

TEST_CASE("bytes in are bytes out, and time on the account is time that passed") {
  for (int i = 0; i < 1000; ++i) {
    const Load load = LoadMaker(static_cast<std::uint64_t>(i), i % 2 == 0, false).make();
    const auto seen = test::play(load, true);
    Bytes hbm, to_host, to_device, host;
    for (const auto& s : load.streams)
      for (const auto& p : s.programs)
        for (const auto& g : p.segments)
          for (const auto& k : g.kernels) hbm += k.hbm * g.repeat;
    for (const auto& c : load.copies) {
      hbm += c.bytes;
      host += c.bytes * (c.memory == pcie::HostMemory::pageable ? 3 : 1);
      (c.direction == pcie::Direction::to_host ? to_host : to_device) += c.bytes;
    }
    for (const auto& f : load.flows) hbm += f.bytes;
    const std::size_t n = seen.size();
    CAPTURE(i);
    REQUIRE(seen[n - 1] == 0);  // nobody waits forever
    REQUIRE(seen[n - 11] == hbm.count());
    REQUIRE(seen[n - 8] == to_host.count());
    REQUIRE(seen[n - 7] == to_device.count());
    REQUIRE(seen[n - 4] == host.count());
    if (load.streams.size() == 1) {
      // One stream is never idle between its start and its end.
      const std::size_t programs = load.streams[0].programs.size();
      const std::size_t ends = load.copies.size() + load.flows.size();
      const std::int64_t last = seen[ends + programs - 1] / 2;
      const auto first = seen.begin() + static_cast<std::ptrdiff_t>(ends + programs);
      const std::int64_t spent = std::accumulate(first, first + kCategories, std::int64_t{0});
      REQUIRE(spent == last - load.streams[0].start.count());
    }
  }
}
