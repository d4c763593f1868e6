// The device: Little's law, kernels alone and together, copies that take bandwidth.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/unit/hardware/machine.hpp"
#include "validation/analytic/link.hpp"

using namespace fieldsim;
using namespace fieldsim::hardware;
using namespace fieldsim::hardware::test;
using gpu::Kernel;
using gpu::Program;
using gpu::Stream;

namespace {

Kernel moving(Bytes b) {
  Kernel k;
  k.hbm = b;
  return k;
}

Kernel computing(Duration d) {
  Kernel k;
  k.compute = d;
  return k;
}

Program once(std::vector<Kernel> kernels, std::int64_t repeat = 1) {
  return {"", {{std::move(kernels), repeat}}};
}

// Ends of programs on streams of their own, each begun at its own time; a gap of 1 us.
std::vector<Duration> ends(const std::vector<std::pair<Duration, Program>>& programs,
                           std::vector<std::pair<Duration, Bytes>> copies = {}) {
  Bench b;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<Account> accounts(programs.size());
  std::vector<Time> at(programs.size() + copies.size());
  for (std::size_t i = 0; i < programs.size(); ++i) {
    streams.push_back(std::make_unique<Stream>(b.device, "s", gpu::StreamOptions{.gap = 1_us}));
    b.engine.spawn(
        run_at(b, programs[i].first, *streams[i], programs[i].second, accounts[i], at[i]), "run");
  }
  for (std::size_t i = 0; i < copies.size(); ++i)
    b.engine.spawn(copy_at(b, copies[i].first, pcie::Direction::to_host, copies[i].second,
                           pcie::HostMemory::pinned, at[programs.size() + i]),
                   "copy");
  b.engine.run();
  std::vector<Duration> d;
  for (Time t : at) d.push_back(t.since_start());
  return d;
}

}  // namespace

TEST_CASE("memory bandwidth is the achieved share of the peak, or bytes in flight over latency") {
  HbmParams h = round_gpu().hbm;
  h.bandwidth = 2039_GBps;
  h.achieved = 0.82;
  h.latency = 800_ns;
  for (const std::int64_t in_flight :
       {100'000LL, 1'000'000LL, 1'337'583LL, 1'337'585LL, 8'480'000LL}) {
    h.in_flight = Bytes::raw(in_flight);
    CHECK(static_cast<double>(gpu::effective_bandwidth(h).count()) ==
          Approx(analytic::memory_rate(2039e9, 0.82, static_cast<double>(in_flight), 800e-9))
              .epsilon(1e-9));
  }
  h.in_flight = Bytes::raw(400'000);
  CHECK(gpu::effective_bandwidth(h) == 500_GBps);
}

TEST_CASE(
    "a kernel alone takes launches, fixed work, latency and the longer of memory and arithmetic") {
  Kernel k = moving(3_MB);
  k.launches = 3;
  k.fixed = 2_us;
  k.compute = 1_us;
  CHECK(ends({{0_us, once({k})}})[0] == 3 * 1_us + 2_us + 500_ns + 3_us);
  k.compute = 7_us;
  CHECK(ends({{0_us, once({k})}})[0] == 3 * 1_us + 2_us + 500_ns + 7_us);
  k.hbm = 0_B;
  CHECK(ends({{0_us, once({k})}})[0] == 3 * 1_us + 2_us + 7_us);
  CHECK(ends({{0_us, once({k, moving(1_B)}, 5)}})[0] == 5 * (12_us + 1_us + 500_ns + 1_ps));
  k.hbm = 3_MB;
  k.hbm_cap = 100_GBps;
  CHECK(ends({{0_us, once({k})}})[0] == 3_us + 2_us + 500_ns + 30_us);
}

TEST_CASE("a small read takes the latency whatever its size") {
  for (const std::int64_t bytes : {1, 32, 4096})
    CHECK(seconds(ends({{0_us, once({moving(Bytes::raw(bytes))})}})[0]) ==
          Approx(1.5e-6).epsilon(0.005));
}

TEST_CASE("two streams that read share bandwidth, one that computes does not slow one that reads") {
  const Program reads = once({moving(10_MB)}), computes = once({computing(10_us)});
  for (const Duration d : ends({{0_us, reads}, {0_us, reads}})) CHECK(d == 1_us + 500_ns + 20_us);
  for (const Duration d : ends({{0_us, computes}, {0_us, computes}})) CHECK(d == 1_us + 20_us);
  const auto mixed = ends({{0_us, reads}, {0_us, computes}});
  CHECK(mixed[0] == 1_us + 500_ns + 10_us);
  CHECK(mixed[1] == 11_us);
  // Half of the first is done when the second comes.
  const auto late = ends({{0_us, reads}, {5_us, reads}});
  CHECK(late[0] == 1_us + 500_ns + 15_us);
  CHECK(late[1] == 1_us + 500_ns + 20_us);
}

TEST_CASE("a copy takes its bandwidth from a kernel that runs") {
  const Program reads = once({moving(100_MB)});
  const double rate =
      static_cast<double>(payload_rate(round_link(), pcie::Direction::to_host).count());
  const auto both = ends({{0_us, reads}}, {{0_us, 1_MB}});
  CHECK(seconds(both[1]) == Approx(8e-6 + 1e6 / rate));  // the link is the copy's limit
  CHECK(seconds(both[0]) == Approx(1.5e-6 + 101e6 / 1e12));
  CHECK(both[0] > ends({{0_us, reads}})[0]);
}

TEST_CASE("accounts say where the time of a kernel went") {
  Bench b;
  Stream stream(b.device, "s", {.gap = 1_us});
  Kernel k = moving(8_MB);
  k.category = Category::attention;
  k.hbm_anchors = 2_MB;
  k.launches = 2;
  const Program program = once({k, computing(4_us)}, 3);
  Account account;
  Time ended;
  b.engine.spawn(run_at(b, 0_us, stream, program, account, ended), "run");
  b.engine.run();
  CHECK(account[Category::launch] == 9_us);
  CHECK(account[Category::anchors] == (500_ns + 8_us) * 3 / 4);
  CHECK(account[Category::attention] == (500_ns + 8_us) * 9 / 4);
  CHECK(account[Category::weights] == 12_us);
  CHECK(account.total() == ended.since_start());
  CHECK(stream.alone(program) == ended.since_start());
  CHECK(b.device.memory_bytes() == 24_MB);
  CHECK(b.device.memory_busy() == 24_us);
  CHECK(b.device.compute_busy() == 12_us);
  CHECK(b.device.kernels_elided() == 6);
}

namespace {
des::Process flow_at(Bench& b, Duration when, Bytes bytes, Time& ended) {
  co_await b.engine.delay(when);
  co_await b.device.memory_flow(bytes, BytesPerSecond::max());
  ended = b.engine.now();
}

des::Process cancel_at(Bench& b, Duration when, Stream& stream) {
  co_await b.engine.delay(when);
  stream.cancel();
}
}  // namespace

TEST_CASE("a cancelled program drops the kernels that have not begun and ends the one that has") {
  for (const bool fast_forward : {true, false})
    for (const Duration when : {0_us, 100_ns, 10_us, 11'499_ns, 12_us, 35_us, 60_us}) {
      Bench b;
      Stream stream(b.device, "s", {.gap = 1_us, .fast_forward = fast_forward});
      const Program program = once({moving(10_MB)}, 5);  // 11.5 us each
      Account account;
      Time ended;
      b.engine.spawn(cancel_at(b, when, stream), "cancel");
      b.engine.spawn(run_at(b, 0_us, stream, program, account, ended), "run");
      b.engine.run();
      const std::int64_t begun = std::min<std::int64_t>(5, when / 11'500_ns + 1);
      CAPTURE(fast_forward, when.count());
      // Cancelled before it began: the call has no effect on a program that comes later.
      CHECK(ended.since_start() == 11'500_ns * (when == 0_us ? 5 : begun));
      CHECK(account.total() == ended.since_start());
    }
}

TEST_CASE("an empty program ends at once") { CHECK(ends({{3_us, Program{}}})[0] == 3_us); }

namespace {
// When a flow ends that begins in the picosecond in which a kernel ends, at a rate that leaves a
// remainder in it.
Duration flow_behind_kernel(bool fast_forward, std::int64_t bytes) {
  GpuParams g = round_gpu();
  g.hbm.bandwidth = BytesPerSecond::raw(1'671'980'000'007);
  g.hbm.in_flight = 100_GB;
  Bench b(g);
  Stream stream(b.device, "s", {.gap = 1_us, .fast_forward = fast_forward});
  const Program program = once({moving(Bytes::raw(1'000'000 + bytes))});
  Account account;
  Time kernel_ended, flow_ended;
  b.engine.spawn(run_at(b, 0_us, stream, program, account, kernel_ended), "run");
  b.engine.spawn(flow_at(b, stream.alone(program), Bytes::raw(bytes), flow_ended), "flow");
  b.engine.run();
  return flow_ended.since_start();
}
}  // namespace

TEST_CASE("a flow that follows a kernel at once takes up what it left of its last picosecond") {
  for (std::int64_t bytes = 1; bytes < 300; ++bytes) {
    CAPTURE(bytes);
    REQUIRE(flow_behind_kernel(true, bytes) == flow_behind_kernel(false, bytes));
  }
}
