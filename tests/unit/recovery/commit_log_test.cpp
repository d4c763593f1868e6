// The commit log on its own: order of commits, what a failure discards, when a boundary closes.
#include <catch2/catch.hpp>

#include "sim/recovery/boundary_rule.hpp"
#include "sim/recovery/commit_log.hpp"

using namespace fieldsim;
using namespace fieldsim::literals;
using recovery::BoundaryPtr;
using recovery::CommitLog;

namespace {

BoundaryPtr full(CommitLog& log, std::int64_t tokens, Duration at) {
  BoundaryPtr b = log.begin(Time::at(at));
  for (std::int64_t i = 0; i < tokens; ++i) log.add_token({});
  log.close(Time::at(at));
  return b;
}

}  // namespace

TEST_CASE("boundaries commit in order whatever the order of verdicts") {
  CommitLog log;
  const auto a = full(log, 2, 0_ms), b = full(log, 3, 1_ms), c = full(log, 4, 2_ms);
  CHECK(log.verified(*c).empty());
  CHECK(log.verified(*b).empty());
  CHECK(log.committed() == 0);
  CHECK(log.unverified_tokens() == 9);
  const auto all = log.verified(*a);
  REQUIRE(all.size() == 3);
  CHECK(all[0] == a);
  CHECK(all[1] == b);
  CHECK(all[2] == c);
  CHECK(log.committed() == 9);
  CHECK(log.empty());
}

TEST_CASE("a failure discards its boundary and all after it, and no other") {
  CommitLog log;
  const auto a = full(log, 2, 0_ms), b = full(log, 3, 1_ms), c = full(log, 4, 2_ms);
  const auto gone = log.discard_from(*b);
  REQUIRE(gone.size() == 2);
  CHECK(gone[0] == b);
  CHECK(gone[1] == c);
  CHECK(b->check.cancelled);
  CHECK(c->check.cancelled);
  CHECK_FALSE(a->check.cancelled);
  CHECK(log.tokens() == 2);
  const auto again = full(log, 3, 3_ms);
  CHECK(again->index == b->index);
  CHECK(again->first_token == b->first_token);
  log.count_failure(b->index);
  CHECK(log.failures(b->index) == 1);
  CHECK(log.failures(b->index + 1) == 0);
  CHECK(log.verified(*a).size() == 1);
}

TEST_CASE("a boundary closes by tokens, by time or by bytes of KV") {
  recovery::Boundary b;
  b.began = Time::at(10_ms);
  b.tokens = 3;
  const auto closes = [&](const verify::BoundaryParams& p, Duration now) {
    return recovery::closes(p, b, Time::at(now), 100_B);
  };
  const auto tokens3 = verify::BoundaryParams::tokens(3),
             tokens4 = verify::BoundaryParams::tokens(4);
  CHECK(closes(tokens3, 11_ms));
  CHECK_FALSE(closes(tokens4, 99_ms));
  verify::BoundaryParams time, bytes300, bytes301;
  time.every = 5_ms;
  bytes300.dirty_bytes = 300_B;
  bytes301.dirty_bytes = 301_B;
  CHECK_FALSE(closes(time, 14_ms));
  CHECK(closes(time, 15_ms));
  CHECK(closes(bytes300, 10_ms));
  CHECK_FALSE(closes(bytes301, 10_ms));
}
