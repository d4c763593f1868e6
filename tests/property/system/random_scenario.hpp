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

 private:
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
