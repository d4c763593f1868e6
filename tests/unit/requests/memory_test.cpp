// KV memory: who gets blocks, who gives them up, and what anchors take.
#include "tests/unit/requests/requests.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

TEST_CASE("no request is preempted when the blocks of all suffice") {
  // 8 x (100 + 60) tokens in blocks of 16 are 80.
  const Audited enough = audited(with_blocks(few_requests(), 80));
  CHECK(enough.requests().preemptions == 0);
  CHECK(enough.requests().recomputed_tokens == 0);
  check_books(enough.requests());
  const Audited short_of_one = audited(with_blocks(few_requests(), 79));
  CHECK(short_of_one.requests().preemptions == 1);
  CHECK(short_of_one.requests().completed == 8);
}

TEST_CASE("the request that came last gives its blocks, and the first is never disturbed") {
  const Audited a = audited(with_blocks(few_requests(), 24));
  CHECK(a.requests().preemptions > 0);
  CHECK(a.requests().preempted < 8);
  CHECK(a.requests().completed == 8);
  CHECK(a.requests().tokens.generated == 8 * 60);  // preempted work is computed again, not redone
  CHECK(a.requests().recomputed_tokens > 0);
  check_books(a.requests());
}

TEST_CASE("swapping moves what recomputing would compute again") {
  Scenario s = with_blocks(few_requests(), 24);
  stream(s).preemption = serving::Preemption::swap;
  const Audited swap = audited(s);
  CHECK(swap.requests().preemptions > 0);
  CHECK(swap.requests().recomputed_tokens == 0);
  CHECK(swap.requests().swapped_out > Bytes::zero());
  CHECK(swap.requests().swapped_in == swap.requests().swapped_out);
  CHECK(swap.requests().completed == 8);
  check_books(swap.requests());
  stream(s).host_kv = Bytes::zero();  // nowhere to go: dropped
  const Audited drop = audited(s);
  CHECK(drop.requests().recomputed_tokens > 0);
  CHECK(drop.requests().swapped_out == Bytes::zero());
}

TEST_CASE("twice the blocks never preempt more often") {
  Scenario s = few_requests();
  stream(s).count = 200;
  stream(s).arrival = Drawn<Duration>::exponential_of(60_ms);
  stream(s).prompt_tokens = Drawn<std::int64_t>{};
  stream(s).prompt_tokens->geometric = 200;
  std::int64_t last = -1;
  for (const std::int64_t blocks : {1280, 640, 320, 160, 80}) {
    const Audited a = audited(with_blocks(s, blocks));
    CAPTURE(blocks);
    CHECK(a.requests().preemptions >= last);
    last = a.requests().preemptions;
    check_books(a.requests());
  }
  CHECK(last > 0);
}

TEST_CASE("what cannot fit is refused and counted, and where nothing fits it is the user's fault") {
  Scenario s = with_blocks(few_requests(), 40);
  stream(s).prompt_tokens = Drawn<std::int64_t>{};
  stream(s).prompt_tokens->uniform = {100, 2000};
  const Audited a = audited(s);
  CHECK(a.requests().refused > 0);
  CHECK(a.requests().completed > 0);
  check_books(a.requests());
  CHECK_THROWS_AS(simulate(with_blocks(few_requests(), 9)), ConfigError);
}

TEST_CASE("N requests take their own blocks and one anchor") {
  for (const std::int64_t n : {1, 4, 8}) {
    Scenario s = few_requests();
    s.anchors = serving::AnchorParams{};
    s.verification.timing = verify::Timing::optimistic;
    s.verification.boundary.every_tokens = 8;  // the last block is written in two stretches
    stream(s).count = n;
    const Audited a = audited(s);
    const Bytes block = Bytes::raw(16 * 131'072);
    CAPTURE(n);
    CHECK(a.result.memory.kv == block * (10 * n));
    CHECK(a.result.memory.anchors == block * 4);
    CHECK(a.result.anchors->stats.uses == n);
    CHECK(a.result.anchors->stats.promotions == 1);
    CHECK(a.requests().blocks_at_end == 4);  // the anchor stays
    check_books(a.requests());
  }
}

TEST_CASE("an anchor that was evicted is fetched and verified again before its next use") {
  Scenario s = few_requests();
  s.anchors = serving::AnchorParams{};
  s.anchors->count = 6;
  s.verification.timing = verify::Timing::optimistic;
  s.verification.boundary.every_tokens = 16;
  stream(s).count = 60;
  stream(s).arrival = Drawn<Duration>::exponential_of(300_ms);
  const Audited roomy = audited(s);
  CHECK(roomy.result.anchors->stats.promotions == 6);
  CHECK(roomy.result.anchors->stats.evictions == 0);
  s.anchors->limit = Bytes::raw(2 * 4 * 16 * 131'072);  // two of the six
  const Audited tight = audited(s);
  const auto& stats = tight.result.anchors->stats;
  CHECK(stats.evictions > 0);
  CHECK(stats.promotions == stats.evictions + 2);
  CHECK(stats.misses >= stats.promotions);
  CHECK(stats.misses < 60 * 10);  // who finds no room waits until somebody lets go
  CHECK(tight.requests().completed == 60);
  check_books(tight.requests());
}
