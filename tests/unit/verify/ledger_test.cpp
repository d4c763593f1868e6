// Reading the ledger, by what a read guarantees.
#include <catch2/catch.hpp>

#include "tests/unit/verify/checks.hpp"

using namespace fieldsim;
using namespace fieldsim::verify;
using namespace fieldsim::verify::test;
using hardware::Category;

namespace {

constexpr Duration kPath = 20 * 150'000_ps;  // 2^20 entries

VerificationParams reading(Consistency c) {
  VerificationParams v = plain();
  v.transfer.memory = TransferMemory::none;
  v.ledger = {.consistency = c, .round_trip = 7_ms, .commit = 2_ms, .max_age = 1_s};
  return v;
}

// Checks of nothing, handed over at these times: each hash takes 260 ns, the rest is the ledger.
Run reads(const VerificationParams& v, const std::vector<Duration>& at) {
  std::vector<std::pair<Duration, Bytes>> payloads;
  for (Duration d : at) payloads.push_back({d, 0_B});
  return run(v, payloads);
}

Duration ledger(const Check& c) { return c.spent[Category::ledger]; }
Duration host(const Check& c) { return c.spent[Category::hash] - 260_ns; }

}  // namespace

TEST_CASE("what a read costs, by consistency") {
  const auto first = [](Consistency c) { return reads(reading(c), {0_us}).checks[0]; };
  CHECK(ledger(first(Consistency::none)) == 0_ms);
  CHECK(host(first(Consistency::none)) == 0_ms);
  CHECK(ledger(first(Consistency::eventual)) == 0_ms);
  CHECK(host(first(Consistency::eventual)) == kPath);
  CHECK(ledger(first(Consistency::cached_head)) == 7_ms);
  CHECK(host(first(Consistency::cached_head)) == kPath + 100_us);
  CHECK(ledger(first(Consistency::lease)) == 7_ms);
  CHECK(host(first(Consistency::lease)) == kPath);
  CHECK(ledger(first(Consistency::quorum)) == 7_ms);
  CHECK(host(first(Consistency::quorum)) == kPath + 300_us);
  CHECK(ledger(first(Consistency::linearizable)) == 9_ms);
  CHECK(host(first(Consistency::linearizable)) == kPath);
}

TEST_CASE("a cached head serves reads until it is max_age old") {
  for (const Consistency c : {Consistency::cached_head, Consistency::lease}) {
    const Run r = reads(reading(c), {0_s, 500_ms, 999_ms, 1001_ms, 1500_ms, 2002_ms});
    const std::vector<bool> fetched = {true, false, false, true, false, true};
    for (std::size_t i = 0; i < fetched.size(); ++i) {
      CAPTURE(i);
      CHECK(ledger(r.checks[i]) == (fetched[i] ? 7_ms : 0_ms));
    }
    CHECK(r.reads == 6);
    CHECK(r.round_trips == 3);
  }
}

TEST_CASE("other consistencies ask every time") {
  for (const Consistency c : {Consistency::quorum, Consistency::linearizable})
    CHECK(reads(reading(c), {0_s, 100_ms, 200_ms}).round_trips == 3);
  CHECK(reads(reading(Consistency::eventual), {0_s, 100_ms}).round_trips == 0);
}

TEST_CASE("reads that meet share one refresh and wait for it") {
  VerificationParams v = reading(Consistency::lease);
  v.workers = 4;
  const Run r = reads(v, {0_s, 1_ms, 3_ms, 100_ms});
  CHECK(r.round_trips == 1);
  CHECK(ledger(r.checks[0]) == 7_ms);
  CHECK(ledger(r.checks[1]) == 6_ms);
  CHECK(ledger(r.checks[2]) == 4_ms);
  CHECK(ledger(r.checks[3]) == 0_ms);
}

TEST_CASE("the path grows with the logarithm of the ledger") {
  VerificationParams v = reading(Consistency::eventual);
  for (const auto& [entries, nodes] : {std::pair{1, 0}, {2, 1}, {1024, 10}, {1025, 11}}) {
    v.ledger.entries = entries;
    CHECK(host(reads(v, {0_s}).checks[0]) == 150_ns * nodes);
  }
}

TEST_CASE("a read for each piece, not for each boundary") {
  VerificationParams v = reading(Consistency::linearizable);
  v.transfer.pieces = 5;
  CHECK(reads(v, {0_s}).reads == 1);
  v.ledger.each_piece = true;
  const Run r = reads(v, {0_s});
  CHECK(r.reads == 5);
  CHECK(ledger(r.checks[0]) == 45_ms);
}
