#include "sim/des/fair_share.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

namespace {

constexpr BytesPerSecond kNone = BytesPerSecond::max();

struct Flow {
  Duration at;
  Bytes amount;
  BytesPerSecond cap = kNone;
};

Process flow(Engine& engine, Link& link, Flow f, Time& done) {
  co_await engine.delay(f.at);
  if (f.cap == kNone) {
    co_await link.transfer(f.amount);
  } else {
    co_await link.transfer(f.amount, f.cap);
  }
  done = engine.now();
}

// When each flow is done, in ps.
std::vector<std::int64_t> run(BytesPerSecond rate, const std::vector<Flow>& flows) {
  Engine engine;
  Link link(engine, "link", rate);
  std::vector<Time> done(flows.size(), Time::never());
  for (std::size_t i = 0; i < flows.size(); ++i)
    engine.spawn(flow(engine, link, flows[i], done[i]), "flow");
  engine.run();
  CHECK(link.idle());
  std::vector<std::int64_t> ps;
  Bytes total;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    ps.push_back(done[i].since_start().count());
    total += flows[i].amount;
  }
  CHECK(link.served() == total);
  return ps;
}

using Ps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("one flow takes its amount over the rate, rounded up") {
  CHECK(run(64_GBps, {{0_ps, 1_B}}) == Ps{16});
  CHECK(run(64_GBps, {{5_ns, 64_KB}}) == Ps{1'005'000});
  CHECK(run(BytesPerSecond::raw(3), {{0_ps, 1_B}}) == Ps{333'333'333'334});
}

TEST_CASE("equal flows share equally and end together") {
  CHECK(run(1_GBps, {{0_ps, 1000_B}, {0_ps, 1000_B}, {0_ps, 1000_B}, {0_ps, 1000_B}}) ==
        Ps{4'000'000, 4'000'000, 4'000'000, 4'000'000});
}

TEST_CASE("a flow that joins slows the others from then on") {
  // 1 B/ns. A alone for 400 ns, then both at 1/2 until B (300 B) is done at 1000 ns; A has 300 B
  // left.
  CHECK(run(1_GBps, {{0_ps, 1000_B}, {400_ns, 300_B}}) == Ps{1'300'000, 1'000'000});
}

TEST_CASE("three flows match the fluid model worked out by hand") {
  // 1 B/ns. 0-100: A alone (100). 100-300: A, B at 1/2 (A 200, B 100). 300-: A, B, C at 1/3.
  // C (50 B) ends at 450 (A 250, B 150); A, B at 1/2: B (200 B) ends at 550 (A 300); A (600 B) at
  // 850.
  CHECK(run(1_GBps, {{0_ps, 600_B}, {100_ns, 200_B}, {300_ns, 50_B}}) ==
        Ps{850'000, 550'000, 450'000});
}

TEST_CASE("capped flows run at their cap and the others share the rest equally") {
  // 12 B/ns, caps 1 and 3, two without: 1 + 3 + 4 + 4.
  // The capped 3 B/ns flow of 300 B ends at 100 ns, the 1 B/ns flow of 100 B as well.
  // The others have 400 of 1000 and of 1600 B by then, then 6 B/ns each: 600 B more take 100 ns
  // (200 ns); the last one has 1000 B by then and 600 B left at 12 B/ns: 250 ns.
  CHECK(run(12_GBps,
            {{0_ps, 100_B, 1_GBps}, {0_ps, 300_B, 3_GBps}, {0_ps, 1000_B}, {0_ps, 1600_B}}) ==
        Ps{100'000, 100'000, 200'000, 250'000});
}

TEST_CASE("a cap above the fair share does not matter until the share rises above it") {
  // 10 B/ns, two flows, one capped at 8: 5 each. The other (500 B) ends at 100 ns; the capped one
  // has 1800 - 500 = 1300 B left and runs at 8, not at 10: 162.5 ns more.
  CHECK(run(10_GBps, {{0_ps, 500_B}, {0_ps, 1800_B, 8_GBps}}) == Ps{100'000, 262'500});
}

TEST_CASE("a flow joining below the caps takes capped flows into the pool") {
  // 10 B/ns: A capped at 4 and B at 4 run at 4 until 100 ns. Then two more join: 2.5 each.
  // C and D (250 B) end at 200 ns; A and B have 400 + 250 of 1050 B and 4 B/ns again: 100 ns more.
  CHECK(run(10_GBps,
            {{0_ps, 1050_B, 4_GBps}, {0_ps, 1050_B, 4_GBps}, {100_ns, 250_B}, {100_ns, 250_B}}) ==
        Ps{300'000, 300'000, 200'000, 200'000});
}

TEST_CASE("a link whose flows are all capped is not saturated") {
  CHECK(run(10_GBps, {{0_ps, 200_B, 2_GBps}, {0_ps, 300_B, 3_GBps}, {0_ps, 100_B, 1_GBps}}) ==
        Ps{100'000, 100'000, 100'000});
}

TEST_CASE("a flow never beats its cap, not even by what others leave of a tick") {
  // At its cap c, a million bytes take 1000 ps and 1.1e-11 ps more: 1001 ps. The pool gives it c -
  // 1 B/s, and once the part of a tick (2^-20 ps) that the smaller flow does not need.
  const auto c = BytesPerSecond::raw(1'000'000'000'000'000 - 11);
  const auto smaller = BytesPerSecond::raw(900'000'000'000'000);
  const auto rate = BytesPerSecond::raw(c.count() + smaller.count() - 1);
  for (std::int64_t amount = 300'000; amount < 300'010; ++amount)
    CHECK(run(rate, {{0_ps, 1'000'000_B, c}, {0_ps, Bytes::raw(amount), smaller}})[0] == 1001);
}

TEST_CASE("a cap at or above the rate of the link changes nothing") {
  CHECK(run(10_GBps, {{0_ps, 1000_B, 10_GBps}, {20_ns, 300_B, 11_GBps}, {30_ns, 50_B}}) ==
        run(10_GBps, {{0_ps, 1000_B}, {20_ns, 300_B}, {30_ns, 50_B}}));
}

namespace {
Process train(Link& link, int packets, BytesPerSecond cap = kNone) {
  for (int i = 0; i < packets; ++i) co_await link.transfer(32_B, cap);
}
constexpr BytesPerSecond kOddRate = BytesPerSecond::raw(52'300'000'007);  // 32 B take 611.85 ps
}  // namespace

TEST_CASE("a train of small transfers ends at the total over the rate, rounded up") {
  Engine engine;
  Link link(engine, "link", kOddRate);
  engine.spawn(train(link, 200'000), "a");
  engine.run();
  CHECK(engine.now().since_start().count() == time_for(Bytes::raw(32 * 200'000), kOddRate).count());
  CHECK(link.busy().integral(engine.now()) == engine.now().since_start().count());
}

TEST_CASE("many trains side by side end at the total over the rate, rounded up") {
  Engine engine;
  Link link(engine, "link", kOddRate);
  for (int i = 0; i < 7; ++i) engine.spawn(train(link, 3000 + i), "a");
  engine.run();
  CHECK(engine.now().since_start().count() ==
        time_for(Bytes::raw(32 * (7 * 3000 + 21)), kOddRate).count());
}

TEST_CASE("what capped flows leave of their last ticks is not lost to the others") {
  // 64,000 B in a capped train beside 459,000 B: 523,000 B at 52.3 B/ns are 10 us, to the last ps.
  Engine engine;
  Link link(engine, "link", BytesPerSecond::raw(52'300'000'000));
  engine.spawn(train(link, 2000, BytesPerSecond::raw(17'000'000'001)), "a");
  Time done;
  engine.spawn(flow(engine, link, {0_ps, 459'000_B}, done), "b");
  engine.run();
  CHECK(done == Time::at(10_us));
}

TEST_CASE("a transfer that began in the past ends as if it had been there") {
  Engine engine;
  Link link(engine, "link", 1_GBps);
  struct P {
    static Process run(Engine& e, Link& l, std::vector<std::int64_t>& log) {
      co_await e.delay(100_ns);
      co_await l.transfer_since(Time::at(40_ns), 100_B);  // until 140 ns
      log.push_back(e.now().since_start().count());
      co_await e.delay(60_ns);
      co_await l.transfer_since(Time::at(150_ns), 30_B);  // over by 180 ns already
      log.push_back(e.now().since_start().count());
      co_await l.transfer_since(Time::at(180_ns), 30_B, BytesPerSecond::raw(500'000'000));
      log.push_back(e.now().since_start().count());
    }
  };
  std::vector<std::int64_t> log;
  engine.spawn(P::run(engine, link, log), "p");
  engine.run();
  CHECK(log == Ps{140'000, 200'000, 240'000});
  CHECK(link.busy().integral(engine.now()) == 100'000 + 30'000 + 60'000);
  CHECK(link.served() == 160_B);
}

TEST_CASE("idle says since when nothing was under way") {
  Engine engine;
  Link link(engine, "link", 1_GBps);
  Time done;
  engine.spawn(flow(engine, link, {10_ns, 50_B}, done), "f");
  engine.run_until(Time::at(30_ns));
  CHECK_FALSE(link.idle());
  CHECK(link.flows().value() == 1);
  engine.run_until(Time::at(100_ns));
  CHECK(link.idle());
  CHECK(link.idle_since(Time::at(60_ns)));
  CHECK_FALSE(link.idle_since(Time::at(59_ns)));
}

TEST_CASE("a rate changed at run time holds from then on") {
  Engine engine;
  Link link(engine, "link", 1_GBps);
  Time done;
  engine.spawn(flow(engine, link, {0_ps, 1000_B}, done), "f");
  engine.run_until(Time::at(200_ns));
  link.set_rate(4_GBps);
  engine.run();
  CHECK(done == Time::at(400_ns));
}

TEST_CASE("an amount of zero is done at once") {
  CHECK(run(1_GBps, {{7_ns, 0_B}, {7_ns, 10_B, 1_GBps}}) == Ps{7'000, 17'000});
}

TEST_CASE("operations share a pool of compute as bytes share a link") {
  Engine engine;
  ComputePool pool(engine, "sm", 10_TFLOPs);
  struct P {
    static Process run(ComputePool& p) { co_await p.transfer(Flops::raw(20'000), 2_TFLOPs); }
  };
  engine.spawn(P::run(pool), "k");
  engine.run();
  CHECK(engine.now() == Time::at(10_ns));
}
