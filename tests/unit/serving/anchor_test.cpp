// The anchor's life on a machine of round numbers.
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "sim/serving/anchor_cache.hpp"
#include "tests/unit/verify/checks.hpp"

using namespace fieldsim;
using namespace fieldsim::serving;
using namespace fieldsim::verify::test;
using hardware::Account;
using hardware::Category;
using verify::VerificationParams;

namespace {

constexpr std::int64_t kTokens = 64;
constexpr Bytes kToken = Bytes::raw(100'000);

VerificationParams ledger(verify::Consistency c) {
  VerificationParams v = plain();
  v.ledger = {.consistency = c, .round_trip = 1_ms, .commit = 0_ms, .max_age = 10_s};
  return v;
}

AnchorParams anchors(std::int64_t count) {
  AnchorParams p;
  p.count = count;
  return p;
}

// A cache of `count` anchors of 4 blocks each.
struct Life {
  explicit Life(AnchorParams params, std::int64_t blocks = 1 << 20,
                const VerificationParams& v = plain())
      : verifier({b.engine, b.device, b.link, b.host}, v, kGap, true),
        pool({.block_bytes = kToken * 16, .block_tokens = 16, .device_blocks = blocks}) {
    o.params = params;
    o.tokens = kTokens;
    o.payload = kToken * kTokens;
  }
  AnchorCache& start(bool verified = true) {
    cache = std::make_unique<AnchorCache>(
        AnchorCache::Machine{b.engine, b.link, b.host, verified ? &verifier : nullptr, pool,
                             nullptr},
        o);
    return *cache;
  }
  Bench b;
  verify::Verifier verifier;
  BlockPool pool;
  AnchorCache::Options o;
  std::unique_ptr<AnchorCache> cache;
};

struct Use {
  AnchorOutcome outcome = AnchorOutcome::failed;
  BlockTable pages{Holder::sequence};
  Account spent;
  Duration took;
};

// Uses an anchor at `at` and lets go of it after `held`.
des::Process use_at(Life& l, std::int64_t id, Duration at, Duration held, Use& u) {
  co_await l.b.engine.delay(at);
  u.outcome = co_await l.cache->use(id, u.pages, u.spent);
  u.took = l.b.engine.now() - Time::zero() - at;
  co_await l.b.engine.delay(held);
  l.pool.release(u.pages);
}

struct Plan {
  std::int64_t id;
  Duration at, held;
};
std::vector<Use> run(Life& l, const std::vector<Plan>& plans) {
  std::vector<Use> uses(plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i)
    l.b.engine.spawn(use_at(l, plans[i].id, plans[i].at, plans[i].held, uses[i]), "use");
  l.b.engine.run();
  REQUIRE(l.b.engine.blocked().count == 0);
  l.pool.verify();
  return uses;
}

}  // namespace

TEST_CASE("a miss hashes on the host and copies to the device, a hit takes no time") {
  Life l(anchors(2));
  const AnchorStats& s = l.start().stats();
  const auto uses = run(l, {{0, 0_s, 1_s}, {0, 2_s, 1_s}});
  const double bytes = 64 * 100'000;
  CHECK(seconds(uses[0].spent[Category::hash]) == Approx(260e-9 + bytes / 2e9));
  CHECK(seconds(uses[0].spent[Category::promote]) ==
        Approx(8e-6 + bytes / static_cast<double>(
                                  l.b.link.rate(hardware::pcie::Direction::to_device).count())));
  CHECK(uses[0].spent.total() == uses[0].took);
  CHECK(uses[1].took == 0_s);
  CHECK(s.misses == 1);
  CHECK(s.hits == 1);
  CHECK(s.promoted == kToken * kTokens);
  CHECK(l.pool.used(Holder::anchor) == 4);
  CHECK(l.pool.used(Place::device) == 4);
}

TEST_CASE("a remote replica adds its latency and its bytes over the network") {
  AnchorParams remote = anchors(1);
  remote.fetch = {.from = FetchFrom::remote, .latency = 2_ms, .rate = 10_GBps};
  Life l(remote);
  l.start();
  Life near(anchors(1));
  near.start();
  const Duration far = run(l, {{0, 0_s, 0_s}})[0].took, here = run(near, {{0, 0_s, 0_s}})[0].took;
  CHECK(seconds(far - here) == Approx(2e-3 + 6.4e6 / 10e9));
}

TEST_CASE("one load serves all who ask for the anchor meanwhile, and they share its pages") {
  Life l(anchors(1));
  const AnchorStats& s = l.start().stats();
  const auto uses = run(l, {{0, 0_s, 1_s}, {0, 1_us, 1_s}, {0, 2_us, 1_s}});
  CHECK(s.promotions == 1);
  CHECK(s.joined == 2);
  CHECK(l.pool.peak(Place::device) == 4);
  for (const Use& u : uses) {
    CHECK(u.outcome == AnchorOutcome::ready);
    CHECK(u.spent.total() == u.took);
  }
}

TEST_CASE("the oldest anchor nobody uses makes room, pinned and used ones do not") {
  SECTION("least recently used") {
    Life l(anchors(3), 8);
    AnchorCache& c = l.start();
    run(l, {{0, 0_s, 0_s}, {1, 1_s, 0_s}, {0, 2_s, 0_s}, {2, 3_s, 0_s}});
    CHECK(c.resident(0));
    CHECK_FALSE(c.resident(1));
    CHECK(c.resident(2));
    CHECK(c.stats().evictions == 1);
  }
  SECTION("what was evicted is promoted, and verified, again") {
    Life l(anchors(3), 8);
    AnchorCache& c = l.start();
    run(l, {{0, 0_s, 0_s}, {1, 1_s, 0_s}, {2, 2_s, 0_s}, {0, 3_s, 0_s}});
    CHECK(c.stats().promotions == 4);
    CHECK(c.stats().verified == kToken * kTokens * 4);
  }
  SECTION("a request keeps what it uses: no room") {
    Life l(anchors(3), 8);
    AnchorCache& c = l.start();
    const auto uses = run(l, {{0, 0_s, 9_s}, {1, 1_s, 9_s}, {2, 2_s, 0_s}});
    CHECK(uses[2].outcome == AnchorOutcome::no_room);
    CHECK(c.stats().evictions == 0);
  }
  SECTION("pinned") {
    AnchorParams p = anchors(3);
    p.pinned = true;
    Life l(p, 8);
    AnchorCache& c = l.start();
    const auto uses = run(l, {{0, 0_s, 0_s}, {1, 1_s, 0_s}, {2, 2_s, 0_s}});
    CHECK(uses[2].outcome == AnchorOutcome::no_room);
    CHECK(c.resident(0));
  }
  SECTION("a limit of the cache's own") {
    AnchorParams p = anchors(3);
    p.limit = kToken * kTokens;
    Life l(p, 1000);
    AnchorCache& c = l.start();
    run(l, {{0, 0_s, 0_s}, {1, 1_s, 0_s}});
    CHECK_FALSE(c.resident(0));
    CHECK(c.resident_blocks() == 4);
  }
  SECTION("a context that grows") {
    Life l(anchors(3), 8);
    AnchorCache& c = l.start();
    run(l, {{0, 0_s, 0_s}, {1, 1_s, 0_s}});
    BlockTable context;
    CHECK_FALSE(l.pool.append(context, 32, 1).has_value());
    CHECK(c.make_room(l.pool.needed(context, 32)));
    CHECK(l.pool.append(context, 32, 1).has_value());
    CHECK(c.resident(1));
    CHECK_FALSE(c.make_room(9));
    l.pool.release(context);
  }
}

TEST_CASE("a request that is swapped out keeps the anchor, only its own blocks move") {
  Life l(anchors(1), 6);
  AnchorCache& c = l.start();
  Use u;
  l.b.engine.spawn(use_at(l, 0, 0_s, 9_s, u), "use");
  l.b.engine.run_until(Time::at(1_s));
  BlockTable request = l.pool.fork(u.pages, Holder::sequence);
  CHECK(l.pool.swap_out(request) == 0_B);  // nothing is its own yet
  CHECK_FALSE(c.make_room(3));             // and the anchor in use is no victim
  CHECK(c.resident(0));
  l.pool.release(request);
  l.b.engine.run();
  CHECK(c.make_room(3));
  CHECK_FALSE(c.resident(0));
}

TEST_CASE(
    "after its ttl an anchor is fetched, verified and promoted again, a re-hash is in place") {
  Life l(anchors(1));
  l.o.ttl = 10_s;
  l.o.rehash = 3_s;
  const AnchorStats& s = l.start().stats();
  run(l, {{0, 0_s, 0_s}, {0, 2_s, 0_s}});
  CHECK(s.rehashes == 0);
  run(l, {{0, 3_s, 0_s}});  // at 5 s
  CHECK(s.rehashes == 1);
  CHECK(s.refreshes == 0);
  CHECK(s.promotions == 1);
  CHECK(l.b.link.moved(hardware::pcie::Direction::to_host) == kToken * kTokens);
  run(l, {{0, 6_s, 0_s}});  // at 11 s
  CHECK(s.refreshes == 1);
  CHECK(s.promotions == 2);
}

TEST_CASE("a check that always fails gives up after the retry limit and holds no page") {
  Life l(anchors(1));
  l.o.failure = 1.0;
  l.o.retry_limit = 2;
  const AnchorStats& s = l.start().stats();
  const auto uses = run(l, {{0, 0_s, 0_s}, {0, 1_us, 0_s}});
  CHECK(uses[0].outcome == AnchorOutcome::failed);
  CHECK(uses[1].outcome == AnchorOutcome::failed);
  CHECK(s.failures == 6);
  CHECK(l.pool.used(Place::device) == 0);
}

TEST_CASE("hashing on the device comes after promotion") {
  VerificationParams v = plain();
  v.hash.engine = verify::HashEngine::gpu_tree;
  Life l(anchors(1), 100, v);
  l.o.hashed_on_device = true;
  const AnchorStats& s = l.start().stats();
  const auto uses = run(l, {{0, 0_s, 0_s}});
  CHECK(uses[0].outcome == AnchorOutcome::ready);
  CHECK(s.verified == kToken * kTokens);
  CHECK(l.b.link.moved(hardware::pcie::Direction::to_host) == 32_B);
}

TEST_CASE("4.11: an anchor used Delta after its check is revoked with 1 - e^(-rho Delta)") {
  const double rho = 0.05;
  for (const double delta : {2.0, 10.0, 40.0}) {
    const int n = 3000;
    Life l(anchors(n), 4 * n, ledger(verify::Consistency::linearizable));
    l.o.revoked_every = 20_s;
    l.o.ttl = 100_s;
    l.o.payload = 32_B;
    const AnchorStats& s = l.start().stats();
    std::vector<Plan> plans;
    for (int i = 0; i < n; ++i) {
      const Duration loaded = 1_s * i;
      plans.push_back({i, loaded, 0_s});
      plans.push_back({i, loaded + scaled(Duration::raw(kPsPerSecond), delta), 0_s});
    }
    run(l, plans);
    const double p = 1 - std::exp(-rho * delta);
    CHECK(static_cast<double>(s.revoked_used) / n ==
          Approx(p).margin(4 * std::sqrt(p * (1 - p) / n)));
    CHECK(s.revocations_seen == 0);
  }
}

TEST_CASE(
    "a linearizable check at the end of the ttl finds what was revoked, no ledger never does") {
  for (const bool reads : {true, false}) {
    const int n = 500;
    Life l(anchors(n), 4 * n, reads ? ledger(verify::Consistency::linearizable) : plain());
    l.o.revoked_every = 20_s;
    l.o.ttl = 10_s;
    l.o.rehash = 5_s;
    l.o.payload = 32_B;
    const AnchorStats& s = l.start().stats();
    std::vector<Plan> plans;
    for (int i = 0; i < n; ++i)
      for (const Duration later : {0_s, 6_s}) plans.push_back({i, 1_s * i + later, 0_s});
    run(l, plans);
    const double p = 1 - std::exp(-6.0 / 20);
    if (reads) {
      CHECK(s.revoked_used == 0);
      CHECK(static_cast<double>(s.revocations_seen) / n ==
            Approx(p).margin(4 * std::sqrt(p * (1 - p) / n)));
    } else {
      CHECK(s.revocations_seen == 0);
      CHECK(s.revoked_used > 0);
    }
  }
}
