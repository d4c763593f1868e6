// A ledger that is stale, lies, or cannot be reached.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/verify/checks.hpp"
#include "validation/analytic/recovery.hpp"

using namespace fieldsim;
using namespace fieldsim::verify;
using namespace fieldsim::verify::test;

namespace {

constexpr double kSigmas = 4.5;  // one false alarm in 150,000 checks

LedgerParams reading(Consistency c, Duration round_trip, Duration max_age = 10_s) {
  LedgerParams p;
  p.consistency = c;
  p.round_trip = round_trip;
  p.max_age = max_age;
  return p;
}

LedgerFaults revoking(Duration every) {
  LedgerFaults f;
  f.revoked_every = every;
  return f;
}

LedgerFaults lying(double share) {
  LedgerFaults f;
  f.equivocation = share;
  return f;
}

struct Read {
  Duration at;
  Answer answer;
  bool revoked = false;  // in truth, when the answer was there
  Duration took;
};

des::Process read_all(des::Engine& engine, Ledger& ledger, std::vector<Read>& reads) {
  for (Read& r : reads) {
    if (engine.now() < Time::at(r.at)) co_await engine.until(Time::at(r.at));
    hardware::Account spent;
    hardware::Trail trail;
    co_await ledger.read(spent, trail, r.answer);
    r.revoked = ledger.revoked(engine.now());
    r.took = spent[hardware::Category::ledger];
  }
}

struct Story {
  std::vector<Read> reads;
  std::int64_t lies_accepted, lies_noticed, opened;
};

Story tell(const LedgerParams& params, const LedgerFaults& faults, std::uint64_t seed,
           const std::vector<Duration>& at) {
  des::Engine engine(seed);
  HostParams h = round_host();
  h.merkle_node = h.signature_verify = Duration::zero();
  hardware::Host host(engine, h);
  Ledger ledger(engine, params, host, faults);
  Story s;
  for (Duration d : at) s.reads.push_back({d, {}, false, {}});
  engine.spawn(read_all(engine, ledger, s.reads), "reader");
  engine.run();
  s.lies_accepted = ledger.lies_accepted();
  s.lies_noticed = ledger.lies_noticed();
  s.opened = ledger.opened();
  return s;
}

}  // namespace

TEST_CASE("a head of age Delta hides a revocation with probability 1 - exp(-rho Delta)") {
  constexpr int n = 6000;
  for (const Consistency c : {Consistency::lease, Consistency::cached_head, Consistency::eventual})
    for (const Duration age : {1_s, 5_s, 9_s}) {
      const LedgerParams params = reading(c, 0_s);
      int used = 0;
      for (std::uint64_t seed = 1; seed <= n; ++seed) {
        const Story s = tell(params, revoking(8_s), seed, {0_s, age});
        const Read& r = s.reads[1];
        REQUIRE(r.answer.as_of == Time::zero());
        if (r.revoked && !r.answer.revoked) ++used;
      }
      const double p = analytic::stale_use(1 / 8.0, seconds(age));
      CAPTURE(static_cast<int>(c), seconds(age));
      CHECK(std::fabs(used - n * p) < kSigmas * std::sqrt(n * p * (1 - p)));
    }
}

TEST_CASE("a linearizable read is never stale, a quorum read as old as its question") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    LedgerParams params = reading(Consistency::linearizable, 500_ms);
    params.commit = 100_ms;
    for (const Read& r : tell(params, revoking(4_s), seed, {0_s, 3_s, 6_s, 9_s}).reads) {
      REQUIRE(r.revoked == r.answer.revoked);
      REQUIRE(r.answer.as_of == Time::at(r.at + 600_ms));
    }
    params.consistency = Consistency::quorum;
    for (const Read& r : tell(params, revoking(4_s), seed, {0_s, 3_s}).reads)
      REQUIRE(r.answer.as_of == Time::at(r.at));
  }
}

TEST_CASE("a single head's lie is believed, a quorum's and the log's are contradicted") {
  const std::vector<Duration> at = {0_s, 20_s, 40_s, 60_s};
  for (const Consistency c : {Consistency::lease, Consistency::cached_head, Consistency::eventual,
                              Consistency::quorum, Consistency::linearizable}) {
    const bool notices = c == Consistency::quorum || c == Consistency::linearizable;
    std::int64_t accepted = 0, noticed = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      const Story s = tell(reading(c, 1_ms), lying(0.3), seed, at);
      accepted += s.lies_accepted;
      noticed += s.lies_noticed;
    }
    CAPTURE(static_cast<int>(c));
    CHECK((accepted == 0) == notices);
    CHECK((noticed == 0) == !notices);
    const double expected = 1600 * (notices ? 0.3 / 0.7 : 0.3);
    CHECK(static_cast<double>(accepted + noticed) == Approx(expected).epsilon(0.15));
  }
}

TEST_CASE("replicas that always contradict each other give no answer, and no loop") {
  const Story s = tell(reading(Consistency::quorum, 1_ms), lying(1), 1, {0_s});
  CHECK(s.reads[0].answer.refused);
}

TEST_CASE("in a partition a reader waits, or goes on with a head that is young enough") {
  int waited = 0, opened = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    LedgerParams params = reading(Consistency::lease, 1_ms, 1_s);
    params.open_limit = 30_s;
    LedgerFaults faults;
    faults.partition_every = 20_s;
    faults.partition_lasts = 5_s;
    std::vector<Duration> at;
    for (std::int64_t i = 0; i < 20; ++i) at.push_back(2_s * i);
    const Story closed = tell(params, faults, seed, at);
    params.partition = Partition::fail_open;
    const Story open = tell(params, faults, seed, at);
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (closed.reads[i].took > 1_ms) ++waited;
      REQUIRE(open.reads[i].took <= closed.reads[i].took + 40_s);
      if (i > 0) REQUIRE(Time::at(at[i]) - open.reads[i].answer.as_of <= 31_s);
    }
    REQUIRE(closed.opened == 0);
    opened += static_cast<int>(open.opened);
    params.open_limit = 0_s;
    REQUIRE(tell(params, faults, seed, at).opened == 0);
  }
  CHECK(waited > 100);
  CHECK(opened > 100);
}

TEST_CASE("outages alternate with the means that are given") {
  Outages o(7, "test", 9_s, 1_s, Outages::Length::constant);
  std::int64_t down = 0;
  constexpr std::int64_t n = 400'000;
  for (std::int64_t i = 0; i < n; ++i) down += o.down(Time::at(100_ms * i)) ? 1 : 0;
  CHECK(static_cast<double>(down) / static_cast<double>(n) == Approx(0.1).epsilon(0.05));
  CHECK(static_cast<double>(o.begun(Time::at(100_ms * n))) == Approx(4000).epsilon(0.08));
}
