#pragma once
// Random scenarios: every knob of a session within what the schema allows.
#include <optional>

#include "sim/base/random.hpp"
#include "tests/unit/system/scenario.hpp"

namespace fieldsim::system::test {

class ScenarioMaker {
 public:
  explicit ScenarioMaker(std::uint64_t seed) : random_(seed, "scenario"), seed_(seed) {}

  Scenario make() {
    static const Scenario base = shipped("paper_13b_64k").scenario;
    static const Scenario grouped =
        shipped("paper_13b_64k", {"model=llama-3.1-8b", "hardware=h200-sxm"}).scenario;
    Scenario s = one_in(2) ? base : grouped;
    s.seed = seed_;
    workload(s);
    attention(s);
    verification(s.verification);
    if (s.verification.payload.kind == verify::PayloadKind::anchor_kv &&
        s.attention.anchor_tokens == 0)
      s.attention.anchor_tokens = 1;
    s.faults.verdict_failure = one_in(2) ? 0.0 : static_cast<double>(below(6)) / 10;
    s.recovery.retry_limit = one_in(3) ? below(3) : 1000;
    s.recovery.truncate = one_in(3) ? Duration::zero() : Duration::raw(below(20'000'000));
    if (one_in(2)) s.recovery.output_commit = recovery::OutputCommit::stream_with_retraction;
    return s;
  }

  // The same with every policy of timing, boundary, fault, retry and checkpoint.
  Scenario make_with_policies() {
    Scenario s = make();
    timing(s);
    boundary(s.verification.boundary);
    faults(s.faults);
    recovery(s.recovery);
    if (s.verification.payload.kind == verify::PayloadKind::anchor_kv &&
        s.attention.anchor_tokens == 0)
      s.attention.anchor_tokens = 1;
    return s;
  }

 private:
  Duration up_to(Duration most) { return Duration::raw(1 + below(most.count())); }

  void timing(Scenario& s) {
    verify::VerificationParams& v = s.verification;
    v.timing = any<verify::Timing>(8);
    if (one_in(2)) v.on_load.ttl = up_to(200_ms);
    if (one_in(2)) v.on_load.rehash = up_to(100_ms);
    v.audit = {static_cast<double>(below(11)) / 10, static_cast<double>(below(11)) / 10};
    v.challenge = {up_to(500_ms), static_cast<double>(below(11)) / 10,
                   static_cast<double>(below(11)) / 10};
    v.tee.attestation = up_to(100_ms);
    v.ledger.partition = any<verify::Partition>(2);
    v.ledger.open_limit = up_to(100_ms);
  }
  void boundary(verify::BoundaryParams& b) {
    if (one_in(2)) return;
    b = {};
    verify::BoundaryRules rules;
    if (one_in(2)) rules.semantic_step = 1 + below(8);
    if (one_in(2)) rules.external_effect = 1 + below(8);
    if (one_in(2))
      rules.adaptive = verify::AdaptiveParams{up_to(1_s), up_to(50_ms), 1, 1 + below(20)};
    rules.every_tokens = 1 + below(12);
    b.hybrid = rules;
  }
  void faults(recovery::Faults& f) {
    if (one_in(3)) f.token_flip.probability = static_cast<double>(below(11)) / 10;
    if (one_in(3)) f.bit_flips = recovery::BitFlips{up_to(1_s)};
    if (one_in(3)) f.tampering = recovery::Tampering{up_to(1_s)};
    if (one_in(3)) f.time_of_use = recovery::TimeOfUse{static_cast<double>(below(11)) / 10};
    if (one_in(3)) f.noise = noise();
    if (one_in(4)) f.ledger.revoked_every = up_to(1_s);
    if (one_in(4)) f.ledger.equivocation = static_cast<double>(below(11)) / 10;
    if (one_in(4)) f.ledger.partition_every = up_to(1_s) + 50_ms;
    f.ledger.partition_lasts = up_to(100_ms);
    if (one_in(4)) f.device_crash = recovery::Crash{up_to(2_s) + 100_ms, up_to(50_ms)};
    if (one_in(4)) f.verifier_crash = recovery::Crash{up_to(2_s) + 100_ms, up_to(50_ms)};
    if (one_in(4)) f.slow_verifier = recovery::SlowVerifier{0.3, 3};
  }
  recovery::Noise noise() {
    recovery::Noise n;
    n.diverges = static_cast<double>(below(11)) / 10;
    n.flip = 0.1;
    n.elements = below(20);
    n.systematic = one_in(2);
    return n;
  }
  void recovery(recovery::RecoveryParams& r) {
    r.rollback = any<recovery::Rollback>(5);
    r.retry_limit = below(4);
    r.retry.exhausted = any<recovery::Exhausted>(3);
    if (one_in(2)) r.retry.backoff = up_to(20_ms);
    r.retry.refetch = any<recovery::Refetch>(2);
    r.retry.refetch_time = Duration::raw(below(20'000'000'000));
    r.output_commit = any<recovery::OutputCommit>(5);
    r.checkpoint = any<recovery::Checkpoint>(4);
    if (one_in(2)) r.checkpoint_cost = up_to(20_ms);
    r.compensation.time = up_to(20_ms);
  }

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  template <class E>
  E any(std::int64_t n) {
    return static_cast<E>(below(n));
  }

  void workload(Scenario& s) {
    s.workload.prompt_tokens = 1 + below(600);
    s.workload.output_tokens = 1 + below(24);
    s.workload.batch = 1 + below(3);
    s.workload.prefill_chunk = 1 + below(400);
    s.workload.launch = any<LaunchMode>(2);
    if (one_in(3)) s.workload.decode_step = Duration::raw(1 + below(30'000'000'000));
    if (one_in(3)) s.workload.prefill = Duration::raw(below(1'000'000'000));
  }
  void attention(Scenario& s) {
    s.attention.kernel = any<attention::KernelKind>(6);
    s.attention.anchor_tokens = one_in(4) ? 0 : below(300);
    s.attention.shared_anchors = one_in(2);
    s.attention.page_tokens = 1 + below(64);
    if (one_in(8)) s.attention_traffic = attention::TrafficModel::paper_nxn;
  }
  void verification(verify::VerificationParams& v) {
    v.timing = one_in(2) ? verify::Timing::optimistic : any<verify::Timing>(4);
    v.boundary = {};
    switch (below(3)) {
      case 0:
        v.boundary.every_tokens = 1 + below(8);
        break;
      case 1:
        v.boundary.every = Duration::raw(1 + below(100'000'000'000));
        break;
      default:
        v.boundary.dirty_bytes = Bytes::raw(1 + below(10'000'000));
    }
    v.window = 1 + below(6);
    v.workers = 1 + below(3);
    v.payload = {};
    if (one_in(2))
      v.payload.kind = any<verify::PayloadKind>(3);
    else
      v.payload.bytes = Bytes::raw(below(60'000'000));
    v.quantize = any<verify::Quantize>(2);
    v.hash.engine = any<verify::HashEngine>(4);
    v.hash.threads = 1 + below(8);
    v.transfer.memory = any<verify::TransferMemory>(3);
    v.transfer.pieces = 1 + below(4);
    v.transfer.overlap = v.transfer.memory != verify::TransferMemory::none && one_in(2);
    if (one_in(2)) v.transfer.synchronize = Duration::raw(below(50'000'000));
    v.ledger.consistency = any<verify::Consistency>(6);
    v.ledger.round_trip = Duration::raw(below(20'000'000'000));
    v.ledger.max_age = Duration::raw(1 + below(300'000'000'000));
    v.ledger.each_piece = v.hash.engine != verify::HashEngine::gpu_tree && one_in(3);
  }

  RandomStream random_;
  std::uint64_t seed_;
};

}  // namespace fieldsim::system::test
