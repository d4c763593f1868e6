// The session: when boundaries close, what a first token takes, what a batch shares.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {

std::int64_t boundaries(const std::function<void(Scenario&)>& change, std::int64_t tokens = 120) {
  Scenario s = timed({.T = 2_ms, .tokens = tokens});
  s.verification.boundary = {};
  change(s);
  return simulate(s).verification.boundaries;
}

}  // namespace

TEST_CASE("boundaries close by tokens, time or bytes, and with the last token") {
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every_tokens = 4; }) == 30);
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every_tokens = 7; }) ==
        18);  // 17 and one of 1
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every_tokens = 500; }) == 1);
  // At the first token 5 ms or more after the last boundary: three steps of 2 ms.
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every = 5_ms; }) == 40);
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every = 6_ms; }) == 40);
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.every = 6'000'000'001_ps; }) == 30);
  // 819,200 bytes a token and sequence.
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.dirty_bytes = 819'200_B; }) == 120);
  CHECK(boundaries([](Scenario& s) { s.verification.boundary.dirty_bytes = 819'201_B; }) == 60);
  CHECK(boundaries([](Scenario& s) {
          s.verification.boundary.dirty_bytes = Bytes::raw(819'200 * 8);
          s.workload.batch = 4;
        }) == 60);
}

TEST_CASE("payloads: anchors, the boundary's own tokens, one vector, an amount") {
  const auto payload = [](const verify::PayloadParams& p, bool shared = true) {
    Scenario s = timed({.tokens = 10, .k = 5});
    s.attention = {
        .kernel = attention::KernelKind::fused, .anchor_tokens = 7, .shared_anchors = shared};
    s.workload.batch = 3;
    s.verification.payload = p;
    return simulate(s).verification.payload_bytes;
  };
  using verify::PayloadKind;
  constexpr Bytes kv = 819'200_B;
  CHECK(payload({.kind = PayloadKind::anchor_kv, .bytes = {}}) == kv * (7 * 2));
  CHECK(payload({.kind = PayloadKind::anchor_kv, .bytes = {}}, false) == kv * (7 * 3 * 2));
  CHECK(payload({.kind = PayloadKind::new_kv, .bytes = {}}) == kv * (5 * 3 * 2));
  CHECK(payload({.kind = PayloadKind::anchor_vector, .bytes = {}}) == Bytes::raw(2 * 5120 * 2));
  CHECK(payload({.kind = {}, .bytes = 12'345_B}) == Bytes::raw(2 * 12'345));
}

TEST_CASE(
    "the first token comes after load check, prefill and one step, and its verdict if waited for") {
  Timed t{.T = 2_ms, .k = 1};
  const auto ttft = [&](verify::Timing timing, std::int64_t k) {
    t.timing = timing;
    t.k = k;
    Scenario s = timed(t);
    s.workload.prefill = 100_ms;
    // Comparing digests is a copy and a wake-up of their own.
    s.hardware.link.submit = s.hardware.link.dma_start = s.hardware.gpu.launch.synchronize = 0_us;
    return simulate(s).ttft;
  };
  CHECK(ttft(verify::Timing::none, 1) == 102_ms);
  CHECK(ttft(verify::Timing::optimistic, 1) == 102_ms);
  CHECK(ttft(verify::Timing::pessimistic, 1) == 102_ms + t.V);
  CHECK(ttft(verify::Timing::pessimistic, 4) == 102_ms);
  CHECK(seconds(ttft(verify::Timing::on_load, 1)) == Approx(seconds(102_ms + t.V)).margin(1e-8));
}

TEST_CASE("a batch shares weights: more tokens a second, a longer step") {
  const auto at = [](std::int64_t batch) {
    return simulate(shipped("paper_13b_64k",
                            {"workload.prompt_tokens=1000", "workload.output_tokens=16",
                             "verification.timing=none", "workload.batch=" + std::to_string(batch)})
                        .scenario);
  };
  const Result one = at(1), eight = at(8);
  CHECK(eight.tpot.mean > one.tpot.mean);
  CHECK(eight.tokens_per_s > 5 * one.tokens_per_s);
  CHECK(eight.tokens_per_s < 8 * one.tokens_per_s);
  CHECK(eight.decode_phase.totals.attention > one.decode_phase.totals.attention * 7);
  CHECK(seconds(eight.prefill.time) == Approx(8 * seconds(one.prefill.time)).epsilon(0.1));
}

TEST_CASE(
    "memory: KV in whole pages of every sequence, anchors once or for each, what waits retained") {
  Scenario s = timed({.T = 1_ms, .tokens = 10, .k = 2});
  s.attention = {.kernel = attention::KernelKind::fused, .anchor_tokens = 7, .page_tokens = 64};
  s.workload.batch = 3;
  const MemoryUse shared = simulate(s).memory;
  constexpr Bytes kv = 819'200_B;
  CHECK(shared.kv == kv * (192 * 3));  // 138 tokens in pages of 64
  CHECK(shared.anchors == kv * 7);
  CHECK(shared.retained == kv * (simulate(s).verification.exposure_max * 3));
  CHECK(shared.total == shared.weights + shared.kv + shared.anchors + shared.workspace);
  s.attention.shared_anchors = false;
  CHECK(simulate(s).memory.anchors == kv * (7 * 3));
  s.attention.kernel = attention::KernelKind::none;
  CHECK(simulate(s).memory.anchors == 0_B);
}

TEST_CASE("each decode step reads one more token's KV") {
  const Scenario s =
      shipped("paper_13b_64k", {"verification.timing=none", "attention=none"}).scenario;
  ProgramBuilder programs(s);
  programs.decode(1008);
  const StepTotals a = programs.totals();
  programs.decode(1009);  // a page further
  const StepTotals b = programs.totals();
  CHECK(b.attention - a.attention == 819'200_B + 4_B * 40);
  CHECK(b.weights == a.weights);
  CHECK(a.weights == Bytes::raw(25'704'048'640 + 10'240));
}

TEST_CASE("the closed forms agree with events where nothing contends and nothing fails") {
  for (const std::string& name : config::Catalogue().names("scenarios")) {
    LoadedScenario loaded = shipped(name, {"faults.verdict_failure=0"});
    loaded.scenario.faults = {};
    if (loaded.scenario.workload.agents) continue;  // no closed form: contention is the point
    loaded.scenario.anchors.reset();  // an anchor's life contends; analytic files may not give it
    const Result events = simulate(loaded.scenario);
    loaded.scenario.fidelity = Fidelity::analytic;
    const Result forms = simulate(loaded.scenario);
    CAPTURE(name);
    CHECK(forms.tokens_per_s == Approx(events.tokens_per_s).epsilon(0.01));
    CHECK(seconds(forms.prefill.time) ==
          Approx(seconds(events.prefill.time)).epsilon(0.001).margin(1e-9));
    CHECK(forms.memory.total == events.memory.total);
  }
}

TEST_CASE("thousands of verifiers for an hour are no overflow") {
  Scenario s = timed_base();
  s.workload.output_tokens = 100'000;
  s.workload.decode_step = Duration::raw(36'000'000'000);
  s.verification.workers = 4096;
  const Result r = simulate(s);
  CHECK(r.verification.utilization > 0);
  CHECK(r.verification.utilization < 1);
}

TEST_CASE("arithmetic takes the rate of its precision: attention in FP32, dense layers in FP16") {
  Scenario s = shipped("paper_13b_64k").scenario;
  s.hardware.gpu.compute.fp16 = 100_TFLOPs;
  s.hardware.gpu.compute.fp32 = 10_TFLOPs;
  s.hardware.gpu.compute.achieved = 0.5;
  StepTotals t;
  t.flops = Flops::raw(150'000'000'000'000);
  t.attention_flops = Flops::raw(50'000'000'000'000);
  CHECK(seconds(arithmetic_time(s, t)) == Approx(3.0));  // 150 / 50
  s.attention.arithmetic = Arithmetic::single;
  CHECK(seconds(arithmetic_time(s, t)) == Approx(12.0));  // 100 / 50 + 50 / 5
  CHECK(arithmetic_time(s, {}) == Duration::zero());
}
