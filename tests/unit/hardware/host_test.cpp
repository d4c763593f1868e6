// The host: hashing on cores, and the memory they share.
#include <catch2/catch.hpp>

#include "tests/unit/hardware/machine.hpp"
#include "validation/analytic/verification.hpp"

using namespace fieldsim;
using namespace fieldsim::hardware;
using namespace fieldsim::hardware::test;

namespace {

des::Process hash_once(Bench& b, HashParams f, Bytes bytes, std::int64_t threads, Time& ended) {
  co_await b.host.hash(f, bytes, threads);
  ended = b.engine.now();
}

std::vector<Duration> hashes(const HostParams& host, Bytes bytes, std::int64_t threads,
                             int payloads) {
  Bench b(round_gpu(), round_link(), host);
  std::vector<Time> at(static_cast<std::size_t>(payloads));
  for (Time& t : at) b.engine.spawn(hash_once(b, host.sha256, bytes, threads, t), "hash");
  b.engine.run();
  std::vector<Duration> d;
  for (Time t : at) d.push_back(t.since_start());
  CHECK(b.host.hashed() == bytes * payloads);
  CHECK(b.host.memory_bytes() == bytes * payloads);
  return d;
}

}  // namespace

TEST_CASE("a hash takes a call and its bytes, divided over the threads") {
  for (const std::int64_t threads : {1, 2, 3, 8})
    for (const std::int64_t bytes : {16LL, 10'240LL, 819'200LL, 268'435'456LL}) {
      const Duration d = hashes(round_host(), Bytes::raw(bytes), threads, 1)[0];
      CAPTURE(threads, bytes);
      CHECK(seconds(d) ==
            Approx(analytic::hash_seconds(static_cast<double>(bytes), 260e-9, 2e9, threads))
                .margin(1e-9));
    }
}

TEST_CASE("measured points of SHA-256 with instructions: 10 KB, one token's KV, 256 MiB") {
  HostParams h = round_host();
  h.sha256 = {260_ns, BytesPerSecond::raw(1'776'000'000)};
  CHECK(seconds(hashes(h, 10'240_B, 1, 1)[0]) == Approx(6.0e-6).epsilon(0.02));
  CHECK(seconds(hashes(h, 819'200_B, 1, 1)[0]) == Approx(0.46e-3).epsilon(0.01));
  CHECK(seconds(hashes(h, 256_MiB, 1, 1)[0]) == Approx(151e-3).epsilon(0.01));
}

TEST_CASE("more threads than cores wait for a core") {
  const auto all = hashes(round_host(), 16_MB, 16, 1);  // 16 shares of 1 MB on 8 cores
  CHECK(seconds(all[0]) == Approx(2 * (260e-9 + 0.5e-3)));
  for (const Duration d : hashes(round_host(), 16_MB, 8, 2)) CHECK(seconds(d) >= 1e-3);
}

TEST_CASE("all cores together hash no faster than memory is read") {
  HostParams h = round_host();
  h.memory_bandwidth = 4_GBps;
  CHECK(seconds(hashes(h, 80_MB, 8, 1)[0]) == Approx(260e-9 + 80e6 / 4e9));
}

TEST_CASE("a CPU without SHA instructions uses the plain rate") {
  HostParams h = round_host();
  Bench with(round_gpu(), round_link(), h);
  CHECK(with.host.sha256().rate == h.sha256.rate);
  h.sha_ni = false;
  Bench without(round_gpu(), round_link(), h);
  CHECK(without.host.sha256().rate == h.sha256_plain.rate);
}
