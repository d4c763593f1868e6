// One check, stage by stage, against closed forms.
#include <catch2/catch.hpp>

#include "sim/verify/tree.hpp"
#include "tests/unit/verify/checks.hpp"
#include "validation/analytic/verification.hpp"

using namespace fieldsim;
using namespace fieldsim::verify;
using namespace fieldsim::verify::test;
using hardware::Category;

namespace {

double link_rate() {
  return static_cast<double>(
      payload_rate(round_link(), hardware::pcie::Direction::to_host).count());
}

}  // namespace

TEST_CASE("copy, wake-up and hash follow one another") {
  for (const std::int64_t pieces : {1, 3, 40}) {
    VerificationParams v = plain();
    v.transfer.pieces = pieces;
    const Check c = one(v, 100_MB);
    const auto n = static_cast<double>(pieces);
    CAPTURE(pieces);
    CHECK(spent(c, Category::transfer) == Approx(n * 8e-6 + 100e6 / link_rate()));
    CHECK(spent(c, Category::sync) == Approx(n * 10e-6));
    CHECK(spent(c, Category::hash) == Approx(n * 260e-9 + 100e6 / 2e9));
    CHECK(took(c) ==
          Approx(analytic::serial_seconds(100e6, pieces, link_rate(), 18e-6, 260e-9, 2e9)));
    CHECK(c.spent.total() == c.ended - c.began);
  }
}

TEST_CASE("pieces that do not divide the payload carry all of its bytes") {
  VerificationParams v = plain();
  v.transfer.pieces = 7;
  CHECK(run(v, {{0_us, Bytes::raw(1'000'003)}}).to_host == Bytes::raw(1'000'003));
}

TEST_CASE("a wake-up can be given, and without a copy there is none") {
  VerificationParams v = plain();
  v.transfer.synchronize = 41'500_ns;
  CHECK(spent(one(v, 1_MB), Category::sync) == Approx(41.5e-6));
  v.transfer.memory = TransferMemory::none;
  const Check c = one(v, 1_MB);
  CHECK(c.spent[Category::sync] == Duration::zero());
  CHECK(c.spent[Category::transfer] == Duration::zero());
  CHECK(took(c) == Approx(analytic::hash_seconds(1e6, 260e-9, 2e9, 1)));
}

TEST_CASE("pageable memory copies at the staging rate") {
  VerificationParams v = plain();
  v.transfer.memory = TransferMemory::pageable;
  CHECK(spent(one(v, 40_MB), Category::transfer) == Approx(8e-6 + 40e6 / 4e9));
}

TEST_CASE("copies ahead of the hash: each round takes the longer of the two") {
  for (const std::int64_t threads : {1, 8})  // hash slower than the copy, and as slow as 16 GB/s
    for (const std::int64_t pieces : {1, 2, 16}) {
      VerificationParams v = plain();
      v.transfer.overlap = true;
      v.transfer.pieces = pieces;
      v.hash.threads = threads;
      const Check c = one(v, 160_MB);
      const double part = 160e6 / static_cast<double>(pieces);
      const double copy = 2e-6 + part / link_rate();
      const double hash = analytic::hash_seconds(part, 260e-9, 2e9, threads);
      CAPTURE(threads, pieces);
      // The first submission, and of a copy that is not the longer one nothing.
      CHECK(took(c) ==
            Approx(6e-6 + 10e-6 + analytic::overlapped_seconds(pieces, copy, hash)).epsilon(2e-3));
      CHECK(c.spent.total() == c.ended - c.began);
      CHECK(spent(c, Category::sync) == Approx(10e-6));
    }
}

TEST_CASE("small copies ahead go at the pace of their submission") {
  VerificationParams v = plain();
  v.transfer.overlap = true;
  v.transfer.pieces = 16;
  // Each copy moves its 1000 B in 2 us and a little, but the next is submitted 6 us after it;
  // nothing follows the last.
  const double last = 2e-6 + 1000 / link_rate(), hash = 260e-9 + 1000 / 2e9;
  CHECK(took(one(v, 16'000_B)) == Approx(6e-6 + 15 * 6e-6 + last + hash + 10e-6).epsilon(1e-4));
}

TEST_CASE("hash engines have their own call and rate") {
  VerificationParams v = plain();
  v.transfer.memory = TransferMemory::none;
  HostParams plain_cpu = round_host();
  plain_cpu.sha_ni = false;
  CHECK(took(one(v, 8_MB)) == Approx(260e-9 + 8e6 / 2e9));
  CHECK(took(one(v, 8_MB, plain_cpu)) == Approx(350e-9 + 8e6 / 1e9));
  v.hash.engine = HashEngine::cpu_blake3;
  CHECK(took(one(v, 8_MB)) == Approx(200e-9 + 8e6 / 8e9));
  v.hash.engine = HashEngine::cpu_interpreted;
  CHECK(took(one(v, 8_MB)) == Approx(1e-6 + 8e6 / 10e6));
}

TEST_CASE("threads divide the hash, not the call") {
  VerificationParams v = plain();
  v.transfer.memory = TransferMemory::none;
  for (const std::int64_t threads : {1, 2, 4, 8}) {
    v.hash.threads = threads;
    CHECK(took(one(v, 80_MB)) == Approx(analytic::hash_seconds(80e6, 260e-9, 2e9, threads)));
  }
}

TEST_CASE("quantising reads two bytes and writes one of each element, and halves what follows") {
  VerificationParams v = plain();
  v.quantize = Quantize::int8_static;
  const Run r = run(v, {{0_us, 100_MB}});
  const Check& c = r.checks[0];
  CHECK(r.to_host == 50_MB);
  CHECK(spent(c, Category::quantize) == Approx(3e-6 + 0.5e-6 + 150e6 / 1e12));
  CHECK(spent(c, Category::hash) == Approx(260e-9 + 50e6 / 2e9));
}

TEST_CASE("a tree on the device: levels, the longer of stream and one leaf, then 32 bytes") {
  for (const std::int64_t leaf : {1024, 4096, 16'384, 1'048'576})
    for (const std::int64_t bytes : {1000LL, 5000LL, 1'000'000LL, 938'803'200LL}) {
      VerificationParams v = plain();
      v.hash.engine = HashEngine::gpu_tree;
      v.hash.leaf = Bytes::raw(leaf);
      const Run r = run(v, {{0_us, Bytes::raw(bytes)}});
      const Check& c = r.checks[0];
      CAPTURE(leaf, bytes);
      CHECK(spent(c, Category::hash) ==
            Approx(3e-6 + analytic::tree_hash_seconds(static_cast<double>(bytes),
                                                      static_cast<double>(leaf), 100e9, 4e-6, 2e-6,
                                                      0.5e-6))
                .epsilon(2e-3));  // rates are whole bytes a second
      CHECK(spent(c, Category::transfer) == Approx(8e-6).epsilon(1e-3));
      CHECK(spent(c, Category::sync) == Approx(10e-6));
      CHECK(r.to_host == 32_B);
    }
}

TEST_CASE("levels of a tree and bytes beyond the payload") {
  for (const std::int64_t leaves : {1, 2, 3, 4, 5, 1024, 1025}) {
    const auto expected = analytic::merkle_path(static_cast<double>(leaves));
    CHECK(tree_levels(Bytes::raw(leaves * 4096), 4096_B) == expected);
    CHECK(tree_levels(Bytes::raw(leaves * 4096 - 1), 4096_B) == expected);
    CHECK(path_length(leaves) == expected);
  }
  CHECK(tree_levels(0_B, 4096_B) == 0);
  CHECK(tree_overhead(1024_B) == Approx(0.1875));
  CHECK(tree_overhead(4096_B) == Approx(0.046875));
  CHECK(path_length(std::int64_t{1} << 30) == 30);
}

TEST_CASE("payloads wait for a worker and no longer") {
  VerificationParams v = plain();
  v.transfer.memory = TransferMemory::none;
  const std::vector<std::pair<Duration, Bytes>> four(4, {0_us, 2_MB});
  const Duration one_check = 260_ns + 1_ms;
  for (const std::int64_t workers : {1, 2, 4}) {
    v.workers = workers;
    const Run r = run(v, four);
    CAPTURE(workers);
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(r.checks[i].ended.since_start() ==
            one_check * (static_cast<std::int64_t>(i) / workers + 1));
  }
}

namespace {
des::Process cancel(Bench& b, Duration when, Check& check) {
  co_await b.engine.delay(when);
  check.cancelled = true;
}
}  // namespace

TEST_CASE("a cancelled check ends with the stage it is in, and frees its worker") {
  Bench b;
  Verifier verifier({b.engine, b.device, b.link, b.host}, plain(), kGap, true);
  Check cancelled, next;
  cancelled.payload = next.payload = 26_MB;
  b.engine.spawn(check_at(b, verifier, 0_us, cancelled), "check");
  b.engine.spawn(check_at(b, verifier, 0_us, next), "check");
  b.engine.spawn(cancel(b, 100_us, cancelled), "cancel");
  b.engine.run();
  CHECK(next.began == cancelled.ended);
  CHECK(verifier.ledger().reads() == 0);
  CHECK(cancelled.ended.since_start() <= next.ended - next.began);
}
