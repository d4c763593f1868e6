// The link: rates against closed forms, and copies that share engines, directions and memories.
#include <catch2/catch.hpp>

#include "tests/unit/hardware/machine.hpp"
#include "validation/analytic/link.hpp"

using namespace fieldsim;
using namespace fieldsim::hardware;
using namespace fieldsim::hardware::test;
using pcie::Direction;
using pcie::HostMemory;
using pcie::request_bytes;

namespace {

LinkParams pcie_link(std::int64_t generation, std::int64_t mps) {
  LinkParams l = round_link();
  l.generation = generation;
  l.max_payload = Bytes::raw(mps);
  return l;
}

double gb_per_s(BytesPerSecond r) { return static_cast<double>(r.count()) / 1e9; }

struct Copy {
  Duration start;
  Direction direction;
  Bytes bytes;
  HostMemory memory = HostMemory::pinned;
};

// When each copy ends, in ps.
std::vector<Duration> ends(const std::vector<Copy>& copies, const LinkParams& l = round_link(),
                           const GpuParams& g = round_gpu()) {
  Bench b(g, l);
  std::vector<Time> at(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i)
    b.engine.spawn(
        copy_at(b, copies[i].start, copies[i].direction, copies[i].bytes, copies[i].memory, at[i]),
        "copy");
  b.engine.run();
  std::vector<Duration> d;
  for (Time t : at) d.push_back(t.since_start());
  return d;
}

constexpr Direction kUp = Direction::to_host, kDown = Direction::to_device;

}  // namespace

TEST_CASE("PCIe payload rates are those of the reference, generation by generation") {
  struct Row {
    std::int64_t generation, mps;
    double published;  // GB/s to the host, x16; verification.md 2.6
  };
  for (const Row& r : {Row{3, 128, 11.8}, Row{3, 256, 13.0}, Row{3, 512, 13.7}, Row{4, 128, 23.5},
                       Row{4, 256, 26.0}, Row{4, 512, 27.4}, Row{5, 128, 47.0}, Row{5, 256, 52.0},
                       Row{5, 512, 54.8}, Row{6, 256, 111}, Row{6, 512, 114}}) {
    const LinkParams l = pcie_link(r.generation, r.mps);
    const double up = static_cast<double>(payload_rate(l, kUp).count());
    const double down = static_cast<double>(payload_rate(l, kDown).count());
    const int generation = static_cast<int>(r.generation);
    CAPTURE(r.generation, r.mps);
    CHECK(up / 1e9 == Approx(r.published).epsilon(0.01));
    CHECK(up ==
          Approx(analytic::pcie_x16_rate(generation, r.mps, analytic::Way::to_host)).epsilon(1e-4));
    CHECK(
        down ==
        Approx(analytic::pcie_x16_rate(generation, r.mps, analytic::Way::to_device)).epsilon(1e-4));
  }
}

TEST_CASE("fewer lanes carry in proportion, less by what acknowledgements take") {
  LinkParams l = pcie_link(4, 256);
  const double x16 = gb_per_s(payload_rate(l, kUp));
  for (const std::int64_t lanes : {8, 4, 2, 1}) {
    l.lanes = lanes;
    CAPTURE(lanes);
    CHECK(gb_per_s(payload_rate(l, kUp)) ==
          Approx(x16 * static_cast<double>(lanes) / 16).epsilon(0.08));
  }
}

TEST_CASE("a rate in the hardware file limits PCIe and is the rate of NVLink-C2C") {
  LinkParams l = pcie_link(4, 256);
  l.to_host = 25_GBps;
  CHECK(payload_rate(l, kUp) == 25_GBps);
  CHECK(payload_rate(l, kDown) > 26_GBps);
  l.to_host = 300_GBps;
  CHECK(gb_per_s(payload_rate(l, kUp)) == Approx(26.0).epsilon(0.01));
  l.kind = LinkKind::nvlink_c2c;
  l.to_device = 375_GBps;
  l.to_host = 297_GBps;
  CHECK(payload_rate(l, kDown) == 375_GBps);
  CHECK(payload_rate(l, kUp) == 297_GBps);
  CHECK(request_bytes(l, 1_GB) == 0_B);
  // Host memory of 200 GB/s is the narrower one here.
  CHECK(seconds(ends({{0_us, kUp, 1_GB}}, l)[0]) == Approx(8e-6 + 1.0 / 200));
}

TEST_CASE(
    "a large copy reaches the link's rate, a small one takes submit and start whatever its size") {
  const LinkParams l = pcie_link(4, 256);
  for (const Direction d : {kUp, kDown}) {
    const double rate = static_cast<double>(payload_rate(l, d).count());
    for (const std::int64_t bytes : {1LL, 100LL, 4096LL, 1'000'000LL, 4'000'000'000LL}) {
      const double took = seconds(ends({{0_us, d, Bytes::raw(bytes)}}, l)[0]);
      CAPTURE(bytes, rate);
      CHECK(took == Approx(analytic::copy_seconds(6e-6, 2e-6, static_cast<double>(bytes), rate))
                        .margin(1e-9));  // of one byte down, the request is the longer part
    }
  }
  CHECK(ends({{0_us, kUp, 0_B}}, l)[0] == 8_us);
  CHECK(seconds(ends({{0_us, kUp, 1_B}})[0]) == Approx(8e-6).epsilon(1e-4));
  CHECK(seconds(ends({{0_us, kUp, 1024_B}})[0]) == Approx(8e-6).epsilon(0.01));
}

TEST_CASE("two copies share a direction, and opposite directions do not share") {
  const BytesPerSecond up = payload_rate(round_link(), kUp);
  const Duration alone = ends({{0_us, kUp, 100_MB}})[0] - 8_us;
  for (const Duration d : ends({{0_us, kUp, 100_MB}, {0_us, kUp, 100_MB}}))
    CHECK(d == 8_us + time_for(200_MB, up));
  // The second half an alone-time later: a half each is left over for one.
  const auto late = ends({{0_us, kUp, 100_MB}, {alone / 2, kUp, 100_MB}});
  CHECK(seconds(late[0]) == Approx(8e-6 + seconds(alone) * 1.5));
  CHECK(seconds(late[1]) == Approx(8e-6 + seconds(alone) * 2));
  const auto both = ends({{0_us, kUp, 100_MB}, {0_us, kDown, 50_MB}});
  // Only the read requests of the way down, 24 B for each 512, are in the way of the other.
  CHECK(seconds(both[0]) == Approx(8e-6 + seconds(alone) * (1 + 0.5 * 24 / 512)).epsilon(1e-6));
  CHECK(both[1] == ends({{0_us, kDown, 50_MB}})[0]);
}

TEST_CASE("read requests are one of 24 bytes for each MRRS begun") {
  LinkParams l = round_link();
  CHECK(request_bytes(l, 0_B) == 0_B);
  CHECK(request_bytes(l, 1_B) == 24_B);
  CHECK(request_bytes(l, 512_B) == 24_B);
  CHECK(request_bytes(l, 513_B) == 48_B);
  l.max_read_request = 4096_B;
  CHECK(request_bytes(l, 1_MiB) == Bytes::raw(256 * 24));
}

TEST_CASE("a pageable copy goes at the staging rate and passes host memory three times") {
  Bench b;
  Time ended;
  b.engine.spawn(copy_at(b, 0_us, kUp, 40_MB, HostMemory::pageable, ended), "copy");
  b.engine.run();
  CHECK(ended.since_start() == 8_us + 10_ms);
  CHECK(b.host.memory_bytes() == 120_MB);
  CHECK(b.link.moved(kUp) == 40_MB);
  CHECK(b.device.memory_bytes() == 40_MB);
}

TEST_CASE("copies wait for a copy engine") {
  GpuParams g = round_gpu();
  const Duration one = ends({{0_us, kUp, 26_MB}})[0];
  g.copy_engines = 1;
  const auto two = ends({{0_us, kUp, 26_MB}, {0_us, kDown, 26_MB}}, round_link(), g);
  CHECK(two[0] == one);
  CHECK(two[1] == one + ends({{0_us, kDown, 26_MB}})[0] - 6_us);  // submitted meanwhile
}

TEST_CASE("every byte of a copy passes the device, the link and the host once") {
  Bench b;
  std::vector<Time> at(5);
  for (std::size_t i = 0; i < 5; ++i)
    b.engine.spawn(copy_at(b, 3_us * static_cast<std::int64_t>(i), i % 2 ? kUp : kDown,
                           Bytes::raw(1'234'567), HostMemory::pinned, at[i]),
                   "copy");
  b.engine.run();
  CHECK(b.link.moved(kUp) == Bytes::raw(2 * 1'234'567));
  CHECK(b.link.moved(kDown) == Bytes::raw(3 * 1'234'567));
  CHECK(b.device.memory_bytes() == Bytes::raw(5 * 1'234'567));
  CHECK(b.host.memory_bytes() == Bytes::raw(5 * 1'234'567));
}
