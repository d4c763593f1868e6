// Verdicts over a stream: what is held, what is taken back, what stays.
#include "tests/unit/requests/requests.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using recovery::OutputCommit;
using verify::Timing;

namespace {
Scenario verified(Timing timing) {
  Scenario s = few_requests();
  s.verification.timing = timing;
  s.verification.boundary.every_tokens = 16;
  s.verification.workers = 4;
  s.verification.ledger.consistency = verify::Consistency::linearizable;
  s.verification.ledger.round_trip = 50_ms;
  stream(s).count = 40;
  stream(s).arrival = Drawn<Duration>::exponential_of(100_ms);
  return s;
}
}  // namespace

TEST_CASE("every timing serves the stream, and its books balance") {
  for (const Timing t : {Timing::none, Timing::pessimistic, Timing::on_load, Timing::optimistic,
                         Timing::optimistic_verified_prefix, Timing::sampled_audit,
                         Timing::challenge_window, Timing::attested_tee})
    for (const double p : {0.0, 0.1}) {
      Scenario s = verified(t);
      s.faults.verdict_failure = p;
      s.recovery.retry_limit = 1000;
      s.verification.challenge.window = 200_ms;
      const Audited a = audited(s);
      CAPTURE(static_cast<int>(t), p);
      CHECK(a.violations.empty());
      CHECK(a.requests().completed == 40);
      CHECK(a.requests().tokens.committed == 40 * 60);
      CHECK(a.requests().blocks_at_end == 0);
      check_books(a.requests());
    }
}

TEST_CASE("held output leaves with its verdict, released output when it is made") {
  Scenario s = verified(Timing::optimistic);
  const Audited held = audited(s);
  CHECK(held.requests().first_released.p50 > held.requests().ttft.p50 + 0.050);
  CHECK(held.requests().held.mean > 0.050);
  s.recovery.output_commit = OutputCommit::stream_with_retraction;
  const Audited streamed = audited(s);
  CHECK(streamed.requests().first_released.p50 == streamed.requests().ttft.p50);
  CHECK(streamed.requests().held.max == 0);
  CHECK(streamed.requests().retracted_tokens == 0);
}

TEST_CASE("a failed verdict takes back the suffix, and a reader's tokens only where they left") {
  Scenario s = verified(Timing::optimistic);
  s.faults.verdict_failure = 0.1;
  s.recovery.retry_limit = 1000;
  const Audited held = audited(s);
  CHECK(held.requests().tokens.discarded > 0);
  CHECK(held.requests().retracted_tokens == 0);
  s.recovery.output_commit = OutputCommit::stream_with_retraction;
  const Audited streamed = audited(s);
  CHECK(streamed.requests().retracted_tokens == streamed.requests().tokens.discarded);
  CHECK(streamed.requests().tokens.committed == 40 * 60);
}

TEST_CASE("stop and wait is slower than verification behind generation, which none is not") {
  double last = 0;
  for (const Timing t : {Timing::none, Timing::optimistic, Timing::pessimistic}) {
    Scenario s = verified(t);
    s.verification.window = 64;
    const double now = audited(s).requests().e2e.mean;
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("preemption and rollback together lose nothing") {
  Scenario s = with_blocks(verified(Timing::optimistic), 30);
  s.faults.verdict_failure = 0.1;
  s.recovery.retry_limit = 1000;
  for (const auto p : {serving::Preemption::recompute, serving::Preemption::swap})
    for (const Timing t : {Timing::optimistic, Timing::pessimistic}) {
      stream(s).preemption = p;
      s.verification.timing = t;
      const Audited a = audited(s);
      CAPTURE(static_cast<int>(p), static_cast<int>(t));
      CHECK(a.violations.empty());
      CHECK(a.requests().preemptions > 0);
      CHECK(a.requests().tokens.committed == 40 * 60);
      CHECK(a.requests().blocks_at_end == 0);
      check_books(a.requests());
    }
}

TEST_CASE("the objective is judged on what the reader gets") {
  Scenario s = verified(Timing::optimistic);
  stream(s).slo = serving::SloParams{.ttft = 150_ms, .tpot = {}};
  CHECK(audited(s).requests().good == 0);  // the first 16 tokens alone take 160 ms
  s.recovery.output_commit = OutputCommit::stream_with_retraction;
  CHECK(audited(s).requests().good == 40);
}
