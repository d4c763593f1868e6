// Against closed forms: one session alone, the capacity of the batch, Little's law.
#include <nlohmann/json.hpp>

#include "tests/unit/requests/requests.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

TEST_CASE("a request alone takes its iterations, and none of it is queueing") {
  Scenario s = few_requests();
  stream(s).count = 1;
  const Audited a = audited(s);
  // One iteration prefills the prompt, 60 decode; pinned: no host time.
  CHECK(a.requests().ttft.max == Approx(0.010).margin(1e-9));
  CHECK(a.requests().e2e.max == Approx(0.600).margin(1e-9));
  CHECK(a.requests().tpot.max == Approx(0.010).margin(1e-9));
  CHECK(a.requests().queue.max == 0);
  CHECK(a.requests().completed == 1);
  check_books(a.requests());
}

TEST_CASE("at a low rate a request takes as long as one session does") {
  const std::string rest = R"(
attention: {kernel: fused, anchor_tokens: 256}
verification: {timing: none, payload: new_kv}
)";
  const LoadedScenario alone = from_text(
      "hardware: h100-sxm\nmodel: llama-3.1-8b\nworkload: "
      "{prompt_tokens: 1500, output_tokens: 300}" +
      rest);
  const Result chat = simulate(alone.scenario);
  const Result stream = simulate(
      from_text("hardware: h100-sxm\nmodel: llama-3.1-8b\nworkload:\n  requests: {arrival: "
                "60 s, count: 5, prompt_tokens: 1500, output_tokens: 300}" +
                rest)
          .scenario);
  const RequestsResult& q = *stream.requests;
  // A batch is scheduled for the iteration of the prompt as well.
  const double schedules = seconds(alone.scenario.hardware.host.step_overhead);
  CHECK(q.ttft.mean == Approx(seconds(chat.ttft) + schedules).epsilon(0.01));
  CHECK(q.tpot.mean == Approx(chat.tpot.mean).epsilon(0.01));
  CHECK(q.e2e.mean == Approx(seconds(chat.total)).epsilon(0.01));
  CHECK(q.ttft.max - q.ttft.p50 < 1e-9);  // nobody disturbs anybody
}

TEST_CASE("beyond its capacity the batch completes max_running requests in their time") {
  Scenario s = few_requests();
  stream(s).max_running = 4;
  stream(s).count = 400;
  stream(s).arrival = Drawn<Duration>::of(1_ms);
  const Audited a = audited(s);
  // 4 sequences, a token of each in 10 ms; one more iteration, without cost, for each prompt.
  CHECK(a.requests().output_per_s == Approx(400).epsilon(0.03));
  CHECK(a.requests().per_s == Approx(400.0 / 60).epsilon(0.03));
  CHECK(a.requests().running_max == 4);
  CHECK(a.requests().queue.max > 50);
}

TEST_CASE("Little's law: requests in the system are the rate times their mean time there") {
  Scenario s = few_requests();
  stream(s).arrival = Drawn<Duration>::exponential_of(80_ms);
  stream(s).count = 20'000;
  stream(s).output_tokens->constant.reset();
  stream(s).output_tokens->geometric = 60;
  const Audited a = audited(s);
  const RequestsResult& q = a.requests();
  CHECK(q.completed == 20'000);
  // The level is integrated while it changes; times are taken from each request: two accounts.
  CHECK(q.in_system_mean == Approx(q.per_s * q.e2e.mean).epsilon(1e-6));
  // M/G/infinity while there is a place for everybody: 60 iterations of 10 ms, and on average half
  // an iteration until the next one begins.
  CHECK(q.in_system_mean == Approx((0.600 + 0.005) / 0.080).epsilon(0.03));
  CHECK(q.queued_mean == 0);
}

TEST_CASE(
    "the same seed gives the same bytes, another seed another run, and a record changes none") {
  const auto text = [](std::uint64_t seed) {
    LoadedScenario l;
    l.scenario = few_requests();
    l.scenario.seed = seed;
    stream(l.scenario).arrival = Drawn<Duration>::exponential_of(50_ms);
    l.scenario.verification.timing = verify::Timing::optimistic;
    l.scenario.verification.boundary.every_tokens = 8;
    l.scenario.faults.verdict_failure = 0.05;
    return report::text(report::result_json(l, simulate(l.scenario), false));
  };
  CHECK(text(1) == text(1));
  CHECK(text(1) != text(2));
  CHECK(simulate(few_requests()).simulation.fingerprint ==
        audited(few_requests()).result.simulation.fingerprint);
}
