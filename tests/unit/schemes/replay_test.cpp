// What a replay costs against what it checks: the closed form's vectors, and the event engine under
// the same assumptions.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/system/scenario.hpp"
#include "validation/analytic/replay.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

// Llama-2-13B on an A100 of round numbers: 25.704 GB a step, of which each FP16 element multiplies.
constexpr analytic::ReplayModel kModel{.parameters = 25.704e9 / 2,
                                       .width = 5120,
                                       .layers = 40,
                                       .weight_bytes = 25.704e9,
                                       .kv_bytes = 819'200,
                                       .flops = 312e12,
                                       .bandwidth = 2e12,
                                       .mfu = .5};

Result outcome(const LoadedScenario& loaded) { return simulate(loaded.scenario); }

struct Vector {
  int batch;
  int context;
  double percent;
};
constexpr Vector kVectors[] = {{1, 0, 1.28}, {1, 4096, 1.28}, {16, 0, 20.5},    {16, 4096, 7.5},
                               {64, 0, 82},  {64, 4096, 9.9}, {256, 4096, 10.8}};

// Verifier time over generating time, in a run whose only costs are those of the closed form.
double simulated_percent(const Vector& v) {
  // Long enough for arithmetic to bound the replay: 78 rows and more.
  const std::int64_t tokens = v.batch == 1 ? 256 : 32;
  const std::int64_t prompt = std::max<std::int64_t>(1, v.context - tokens / 2);
  Scenario s = shipped("scheme_verillm",
                       {"workload.prompt_tokens=" + std::to_string(prompt),
                        "workload.output_tokens=" + std::to_string(tokens),
                        "workload.batch=" + std::to_string(v.batch), "workload.prefill=0 s",
                        "verification.boundary.every_tokens=" + std::to_string(tokens),
                        "verification.ledger=none", "published=null"})
                   .scenario;
  s.hardware.gpu.hbm.bandwidth = BytesPerSecond::raw(2'000'000'000'000);
  s.hardware.gpu.hbm.achieved = 1;
  s.hardware.gpu.hbm.in_flight = 1_MB;
  s.hardware.gpu.hbm.latency = s.hardware.gpu.launch.graph = 1_ns;
  s.hardware.host.step_overhead = 0_us;
  s.hardware.gpu.l2.bandwidth = BytesPerSecond::raw(1'000'000'000'000'000);
  const Result r = simulate(s);
  return 100 * r.verification.service_s / seconds(r.decode);
}

}  // namespace

TEST_CASE("a replay is 1.28 % of decoding at batch 1, and the closed form shows where that ends") {
  CHECK(analytic::replay_seconds(kModel, 0) == Approx(0.165e-3).epsilon(.002));
  CHECK(analytic::decode_seconds(kModel, 1, 0) == Approx(12.85e-3).epsilon(.001));
  for (const Vector& v : kVectors) {
    CAPTURE(v.batch, v.context);
    CHECK(100 * analytic::replay_ratio(kModel, v.batch, v.context) ==
          Approx(v.percent).epsilon(.006));
  }
}

TEST_CASE("the event engine finds the same ratios from operators") {
  for (const Vector& v : kVectors) {
    CAPTURE(v.batch, v.context);
    // Operators also move activations and pad rows; without a prompt the context still grows.
    CHECK(simulated_percent(v) == Approx(v.percent).epsilon(.08));
  }
}

TEST_CASE("a short boundary is replayed at the speed of memory, and the 1 % is lost") {
  const auto share = [](std::int64_t k) {
    const Result r = outcome(
        shipped("scheme_verillm", {"verification.boundary.every_tokens=" + std::to_string(k)}));
    return r.verification.service_s * static_cast<double>(r.verification.checks) /
           seconds(r.decode);
  };
  CHECK(share(512) < .012);
  // One weight pass for four tokens, of which decoding took one each.
  CHECK(share(4) == Approx(.25).epsilon(.2));
}

TEST_CASE("a replay on the generating device slows generation, and generation it") {
  const Result apart = outcome(shipped("scheme_verillm_batch"));
  const Result shared = outcome(shipped(
      "scheme_verillm_batch", {"verification.scheme={extends: verillm, check: {payer: same_gpu}}",
                               "verification.workers=1"}));
  CHECK(shared.tokens_per_s < .98 * apart.tokens_per_s);
  CHECK(shared.verification.service_s > 1.1 * apart.verification.service_s);
}

TEST_CASE("a verifier that holds no KV replays the prompt once, a fixed shape is padded") {
  const auto service = [](const std::string& scheme) {
    return outcome(shipped("scheme_verillm",
                           {"workload.prompt_tokens=1024", "workload.output_tokens=512",
                            "verification.scheme=" + scheme}))
        .verification.service_s;
  };
  const double own = service("{extends: verillm}");
  CHECK(service("{extends: verillm, check: {prompt: true}}") == Approx(3 * own).epsilon(.05));
  CHECK(service("{extends: verillm, check: {shape: 2048}}") == Approx(4 * own).epsilon(.08));
}
