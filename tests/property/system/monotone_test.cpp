// Metamorphic laws: more of a resource is never slower, less work is never slower, and every knob
// that names a cost moves a time.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {

using Change = std::function<void(Scenario&)>;

// A session in which everything takes part: prefill, derived steps, copies, hashing, ledger.
Scenario busy(verify::Timing timing, const std::vector<std::string>& more = {}) {
  std::vector<std::string> set = {"workload.prompt_tokens=2000",
                                  "workload.output_tokens=48",
                                  "verification.boundary.every_tokens=2",
                                  "verification.window=3",
                                  "verification.quantize=none",
                                  "verification.transfer.pieces=4",
                                  "verification.ledger={consistency: quorum, round_trip: 2 ms}"};
  set.insert(set.end(), more.begin(), more.end());
  Scenario s = shipped("paper_13b_64k", set).scenario;
  s.faults.verdict_failure = 0;
  s.verification.timing = timing;
  return s;
}

const verify::Timing kTimings[] = {verify::Timing::none, verify::Timing::pessimistic,
                                   verify::Timing::on_load, verify::Timing::optimistic};

Duration total(Scenario s, const Change& change) {
  change(s);
  return simulate(s).total;
}

void never_slower(const char* what, const std::function<void(Scenario&, double)>& give) {
  for (const verify::Timing timing : kTimings)
    for (const char* engine : {"cpu_sha256", "gpu_tree"}) {
      const Scenario s = busy(timing, {std::string("verification.hash.engine=") + engine});
      Duration last = Duration::max();
      for (const double amount : {1.0, 1.1, 1.5, 2.0, 4.0}) {
        Scenario more = s;
        give(more, amount);
        const Duration now = simulate(more).total;
        CAPTURE(what, static_cast<int>(timing), engine, amount);
        REQUIRE(now.count() <= last.count());
        last = now;
      }
    }
}

std::int64_t times(std::int64_t n, double by) {
  return static_cast<std::int64_t>(static_cast<double>(n) * by);
}

}  // namespace

TEST_CASE("more of a resource is never slower") {
  never_slower("memory bandwidth", [](Scenario& s, double x) {
    s.hardware.gpu.hbm.bandwidth = scaled(s.hardware.gpu.hbm.bandwidth, x);
  });
  never_slower("matrix rate", [](Scenario& s, double x) {
    s.hardware.gpu.compute.fp16 = scaled(s.hardware.gpu.compute.fp16, x);
  });
  never_slower("link", [](Scenario& s, double x) {
    s.hardware.link.to_host = scaled(6_GBps, x);
    s.hardware.link.to_device = scaled(6_GBps, x);
  });
  never_slower("hash rate", [](Scenario& s, double x) {
    s.hardware.host.sha256.rate = scaled(s.hardware.host.sha256.rate, x);
  });
  never_slower("tree hash rate", [](Scenario& s, double x) {
    s.hardware.gpu.tree_hash.rate = scaled(s.hardware.gpu.tree_hash.rate, x);
  });
  never_slower("threads", [](Scenario& s, double x) { s.verification.hash.threads = times(4, x); });
  never_slower("workers", [](Scenario& s, double x) { s.verification.workers = times(2, x); });
  never_slower("window", [](Scenario& s, double x) { s.verification.window = times(2, x); });
  never_slower("copy engines",
               [](Scenario& s, double x) { s.hardware.gpu.copy_engines = times(1, x); });
  never_slower("host memory", [](Scenario& s, double x) {
    s.hardware.host.memory_bandwidth = scaled(10_GBps, x);
  });
}

TEST_CASE("less work is never slower") {
  never_slower("anchors",
               [](Scenario& s, double x) { s.attention.anchor_tokens = times(512, 1 / x); });
  never_slower("context",
               [](Scenario& s, double x) { s.workload.prompt_tokens = times(2000, 1 / x); });
  never_slower("batch", [](Scenario& s, double x) { s.workload.batch = times(4, 1 / x); });
  never_slower("output",
               [](Scenario& s, double x) { s.workload.output_tokens = times(48, 1 / x); });
  never_slower("round trip", [](Scenario& s, double x) {
    s.verification.ledger.round_trip = scaled(20_ms, 1 / x);
  });
  never_slower("pieces",
               [](Scenario& s, double x) { s.verification.transfer.pieces = times(40, 1 / x); });
  never_slower("payload", [](Scenario& s, double x) {
    s.verification.payload = {.kind = {}, .bytes = Bytes::raw(times(100'000'000, 1 / x))};
  });
  never_slower("launch gap", [](Scenario& s, double x) {
    s.hardware.gpu.launch.graph = scaled(10_us, 1 / x);
    s.hardware.gpu.launch.eager = scaled(10_us, 1 / x);
  });
}

TEST_CASE("verification none is the baseline, whatever else verification says") {
  const Scenario s = busy(verify::Timing::none);
  const Result base = simulate(s);
  for (const Change& change : std::vector<Change>{
           [](Scenario& x) { x.verification.ledger.round_trip = 9_s; },
           [](Scenario& x) { x.verification.boundary.every_tokens = 7; },
           [](Scenario& x) { x.verification.hash.threads = 3; },
           [](Scenario& x) { x.verification.payload = {.kind = {}, .bytes = 4_GiB}; },
           [](Scenario& x) { x.faults.verdict_failure = 0.9; }}) {
    Scenario other = s;
    change(other);
    const Result r = simulate(other);
    CHECK(r.total == base.total);
    CHECK(r.breakdown.total() == base.breakdown.total());
  }
  for (const Category c : {Category::quantize, Category::transfer, Category::sync, Category::hash,
                           Category::ledger, Category::stall, Category::rollback})
    CHECK(base.breakdown[c] == Duration::zero());
}

TEST_CASE("verdicts behind generation are never slower than waiting for them, without failures") {
  for (const char* engine : {"cpu_sha256", "gpu_tree", "cpu_blake3"})
    for (const std::int64_t window : {1, 2, 4}) {
      Scenario s =
          busy(verify::Timing::optimistic, {std::string("verification.hash.engine=") + engine});
      s.verification.window = window;
      const Duration fast = simulate(s).total;
      s.verification.timing = verify::Timing::pessimistic;
      const Duration slow = simulate(s).total;
      s.verification.timing = verify::Timing::none;
      CAPTURE(engine, window);
      CHECK(fast <= slow);
      CHECK(simulate(s).total <= fast);
    }
}

TEST_CASE("every knob that names a cost moves a time") {
  struct Knob {
    const char* name;
    verify::Timing timing;
    Change change;
    std::vector<std::string> over = {};
  };
  const auto P = verify::Timing::pessimistic;
  const std::string head =
      "verification.ledger={consistency: cached_head, round_trip: 1 ms, max_age: 10 s}";
  const std::vector<Knob> knobs = {
      {"hbm.bandwidth", P, [](Scenario& s) { s.hardware.gpu.hbm.bandwidth = 1000_GBps; }},
      {"hbm.achieved", P, [](Scenario& s) { s.hardware.gpu.hbm.achieved = 0.5; }},
      {"hbm.latency", P, [](Scenario& s) { s.hardware.gpu.hbm.latency = 5_us; }},
      {"hbm.in_flight", P, [](Scenario& s) { s.hardware.gpu.hbm.in_flight = 100'000_B; }},
      {"compute.fp16", P, [](Scenario& s) { s.hardware.gpu.compute.fp16 = 50_TFLOPs; }},
      {"compute.achieved", P, [](Scenario& s) { s.hardware.gpu.compute.achieved = 0.2; }},
      {"compute.fp32", P, [](Scenario& s) { s.hardware.gpu.compute.fp32 = 1_TFLOPs; }},
      {"l2.bandwidth", P, [](Scenario& s) { s.hardware.gpu.l2.bandwidth = 100_GBps; }},
      {"l2.capacity", P, [](Scenario& s) { s.hardware.gpu.l2.capacity = 1_KiB; }},
      {"sm.count", P, [](Scenario& s) { s.hardware.gpu.sm.count = 40; }},
      {"launch.graph", P, [](Scenario& s) { s.hardware.gpu.launch.graph = 9_us; }},
      {"launch.eager", P, [](Scenario& s) { s.hardware.gpu.launch.eager = 9_us; }},
      {"launch.synchronize", P, [](Scenario& s) { s.hardware.gpu.launch.synchronize = 1_ms; }},
      {"workload.launch", P, [](Scenario& s) { s.workload.launch = LaunchMode::eager; }},
      {"workload.prefill_chunk", P, [](Scenario& s) { s.workload.prefill_chunk = 100; }},
      {"tree_hash.rate",
       P,
       [](Scenario& s) { s.hardware.gpu.tree_hash.rate = 10_GBps; },
       {"verification.hash.engine=gpu_tree"}},
      {"tree_hash.level",
       P,
       [](Scenario& s) { s.hardware.gpu.tree_hash.level = 50_us; },
       {"verification.hash.engine=gpu_tree"}},
      {"tree_hash.compression",
       P,
       [](Scenario& s) { s.hardware.gpu.tree_hash.compression = 1_ms; },
       {"verification.hash.engine=gpu_tree"}},
      {"hash.leaf",
       P,
       [](Scenario& s) { s.verification.hash.leaf = 1_KiB; },
       {"verification.hash.engine=gpu_tree"}},
      {"link.generation", P, [](Scenario& s) { s.hardware.link.generation = 3; }},
      {"link.lanes", P, [](Scenario& s) { s.hardware.link.lanes = 4; }},
      {"link.max_payload", P, [](Scenario& s) { s.hardware.link.max_payload = 128_B; }},
      {"link.submit", P, [](Scenario& s) { s.hardware.link.submit = 1_ms; }},
      {"link.dma_start", P, [](Scenario& s) { s.hardware.link.dma_start = 1_ms; }},
      {"host.sha_ni", P, [](Scenario& s) { s.hardware.host.sha_ni = false; }},
      {"host.cores",
       P,
       [](Scenario& s) { s.hardware.host.cores = 1; },
       {"verification.hash.threads=4"}},
      {"sha256.per_call", P, [](Scenario& s) { s.hardware.host.sha256.per_call = 1_ms; }},
      {"merkle_node", P, [](Scenario& s) { s.hardware.host.merkle_node = 1_ms; }},
      {"signature_verify", P, [](Scenario& s) { s.hardware.host.signature_verify = 9_ms; }},
      {"host.memory_bandwidth", P, [](Scenario& s) { s.hardware.host.memory_bandwidth = 1_GBps; }},
      {"pageable_copy",
       P,
       [](Scenario& s) { s.hardware.host.pageable_copy = BytesPerSecond::raw(500'000'000); },
       {"verification.transfer=pageable"}},
      {"step_overhead", P, [](Scenario& s) { s.hardware.host.step_overhead = 9_ms; }},
      {"quantize", P, [](Scenario& s) { s.verification.quantize = verify::Quantize::int8_static; }},
      {"hash.engine", P,
       [](Scenario& s) { s.verification.hash.engine = verify::HashEngine::cpu_blake3; }},
      {"hash.threads", P, [](Scenario& s) { s.verification.hash.threads = 2; }},
      {"transfer.memory", P,
       [](Scenario& s) { s.verification.transfer.memory = verify::TransferMemory::none; }},
      {"transfer.pieces", P, [](Scenario& s) { s.verification.transfer.pieces = 9; }},
      {"transfer.overlap", P, [](Scenario& s) { s.verification.transfer.overlap = true; }},
      {"transfer.synchronize", P, [](Scenario& s) { s.verification.transfer.synchronize = 1_ms; }},
      {"ledger.consistency", P,
       [](Scenario& s) { s.verification.ledger.consistency = verify::Consistency::none; }},
      {"ledger.round_trip", P, [](Scenario& s) { s.verification.ledger.round_trip = 9_ms; }},
      {"ledger.cosigners", P, [](Scenario& s) { s.verification.ledger.cosigners = 9; }},
      {"ledger.entries", P, [](Scenario& s) { s.verification.ledger.entries = 8; }},
      {"ledger.each_piece", P, [](Scenario& s) { s.verification.ledger.each_piece = true; }},
      {"ledger.max_age", P, [](Scenario& s) { s.verification.ledger.max_age = 1_ms; }, {head}},
      {"ledger.commit",
       P,
       [](Scenario& s) { s.verification.ledger.commit = 9_ms; },
       {"verification.ledger={consistency: linearizable}"}},
      {"boundary", P, [](Scenario& s) { s.verification.boundary.every_tokens = 5; }},
      {"payload", P,
       [](Scenario& s) { s.verification.payload.kind = verify::PayloadKind::new_kv; }},
      {"verdict_failure", P, [](Scenario& s) { s.faults.verdict_failure = 0.3; }},
      {"window", verify::Timing::optimistic, [](Scenario& s) { s.verification.window = 1; }},
      {"workers", verify::Timing::optimistic, [](Scenario& s) { s.verification.workers = 3; }},
      {"anchor_tokens", P, [](Scenario& s) { s.attention.anchor_tokens = 99; }},
      {"page_tokens", P, [](Scenario& s) { s.attention.page_tokens = 1; }},
      {"shared_anchors",
       P,
       [](Scenario& s) { s.attention.shared_anchors = false; },
       {"workload.batch=2"}},
      {"attention_traffic", P,
       [](Scenario& s) { s.attention_traffic = attention::TrafficModel::paper_nxn; }},
  };
  for (const Knob& k : knobs) {
    const Scenario s = busy(k.timing, k.over);
    CAPTURE(k.name);
    CHECK(total(s, k.change) != simulate(s).total);
  }
  for (const auto kind : {attention::KernelKind::none, attention::KernelKind::unfused,
                          attention::KernelKind::gamma_fused, attention::KernelKind::two_pass,
                          attention::KernelKind::cascade}) {
    const Scenario s = busy(verify::Timing::none);
    CAPTURE(attention::to_string(kind));
    CHECK(total(s, [kind](Scenario& x) { x.attention.kernel = kind; }) != simulate(s).total);
  }
  Scenario failing = busy(P);
  failing.faults.verdict_failure = 0.4;
  failing.recovery.retry_limit = 1000;
  CHECK(total(failing, [](Scenario& s) { s.recovery.truncate = 9_ms; }) != simulate(failing).total);
  CHECK(total(failing, [](Scenario& s) { s.seed = 2; }) != simulate(failing).total);
}
