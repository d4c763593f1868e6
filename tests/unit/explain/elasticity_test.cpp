// Elasticities against closed forms, and the path's prediction against the run.
#include <cmath>

#include "tests/unit/explain/support.hpp"

using namespace fieldsim;
using namespace fieldsim::test;
using hardware::Limiter;
using Law = ex::Parameter::Law;

namespace {

const std::string kRoundTrip = "verification.ledger.round_trip";
const std::string kStepTime = "workload.decode_step";

// What 10 % to both sides gives for a time, and for a rate, with a share `s` of the whole.
double of_time(double s) { return std::log((1 + 0.1 * s) / (1 - 0.1 * s)) / std::log(1.1 / 0.9); }
double of_rate(double s) {
  return std::log((1 - s + s / 0.9) / (1 - s + s / 1.1)) / std::log(1.1 / 0.9);
}
constexpr double kFinite = 1e-3;  // by which those part from `s`

}  // namespace

TEST_CASE("where nothing overlaps, the elasticities of all that takes time sum to one") {
  // The link's DMA limit is taken below what the lanes give, so that neither side of it bends.
  const Explained x =
      explained("v2_5_a", {"workload.output_tokens=6", "hardware.link.to_host=20 GB/s"});
  double by_path = 0, by_runs = 0;
  for (const ex::Elasticity& one : x.e.elasticities) {
    const std::string& path = one.parameter.knob.path();
    // Threads divide the same bytes as the rate does, and prefill is not in the metric.
    if (one.parameter.law == Law::policy || path == "verification.hash.threads") continue;
    CAPTURE(path);
    const double sign = one.parameter.law == Law::rate ? 1 : -1;
    by_path += sign * one.predicted.value();
    by_runs += sign * one.measured.value();
    CHECK_FALSE(one.up->kink);
    CHECK_FALSE(one.down->kink);
  }
  CHECK(by_path == Approx(1).margin(1e-5));
  CHECK(by_runs == Approx(1).margin(4 * kFinite));
}

TEST_CASE("a decode bound by bandwidth follows the bandwidth by its share of the path") {
  const Explained x =
      explained("paper_13b_64k", {"verification.timing=none", "workload.output_tokens=16"});
  const double share =
      seconds(x.e.path->decode[Limiter::memory]) / seconds(x.e.path->decode.total());
  CHECK(share > 0.9);
  const ex::Elasticity& hbm = x.elasticity("hardware.gpu.hbm.bandwidth");
  CHECK(hbm.predicted.value() == Approx(share).margin(1e-6));
  CHECK(hbm.measured.value() == Approx(of_rate(share)).margin(1e-5));
  CHECK_FALSE(hbm.up->kink);
  CHECK_FALSE(hbm.down->kink);
}

TEST_CASE("stop and wait: the ledger's elasticity is -V / (T + V), as in the closed form") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path());
  const double expected = -3.5 / 4.5;
  const ex::Elasticity& ledger = x.elasticity(kRoundTrip);
  CHECK(ledger.predicted.value() == Approx(expected).margin(1e-6));
  CHECK(ledger.measured.value() == Approx(-of_time(3.5 / 4.5)).margin(1e-6));
  CHECK(ledger.up->gain == Approx(4.5 / 4.85 - 1).margin(1e-9));
  CHECK(x.elasticity(kStepTime).predicted.value() == Approx(-1 / 4.5).margin(1e-6));
  // Twice the boundary interval: 2T + V for two tokens.
  CHECK(x.elasticity("verification.boundary.every_tokens").up->gain ==
        Approx(2 * 4.5 / 5.5 - 1).margin(1e-9));
  for (const ex::TaskClass& c : x.e.classes) CHECK(c.on_path == c.count);
}

TEST_CASE("behind generation the verifier is off the path until it cannot keep up, then on it") {
  const auto on_path = [](const std::string& round_trip) {
    const File file(timed("optimistic", round_trip));
    const Explained x = explained(file.path());
    const hardware::Split& d = x.e.path->decode;
    return std::pair(seconds(d[Limiter::round_trip]) / seconds(d.total()),
                     seconds(d[Limiter::pinned]) / seconds(d.total()));
  };
  CHECK(on_path("0.99 ms") == std::pair(0.0, 1.0));
  const auto [verifier, steps] = on_path("1.01 ms");
  CHECK(verifier > 0.97);
  CHECK(steps < 0.03);
}

TEST_CASE("a verifier that nearly cannot keep up is a kink: more bends, less does not") {
  const File file(timed("optimistic", "0.95 ms"));
  const Explained x = explained(file.path());
  const ex::Elasticity& ledger = x.elasticity(kRoundTrip);
  CHECK(ledger.predicted.value() == 0.0);
  CHECK(ledger.up->kink);
  // The pace is V then, once the window of four is full.
  CHECK(ledger.up->gain > 1 / 1.045 - 1);
  CHECK(ledger.up->gain < 1 / 1.045 - 1 + 3.0 / (0.045 * 400) * 0.045);
  CHECK_FALSE(ledger.down->kink);
  CHECK(ledger.down->gain == 0.0);
}

TEST_CASE("a side of an elasticity is the run that --set gives") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path());
  for (const ex::Elasticity& one : x.e.elasticities)
    for (const auto& side : {one.up, one.down}) {
      if (!side || !side->problem.empty()) continue;
      CAPTURE(side->assignment);
      const auto loaded =
          system::load_scenario(file.path(), config::Catalogue(), {side->assignment});
      CHECK(system::simulate(loaded.scenario).tokens_per_s == side->value);
    }
}

TEST_CASE("the first token follows prefill and one step, whatever comes later") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path(), {"workload.prefill=5.5 ms"}, "latency.ttft_s");
  CHECK(x.e.path->length == Duration::raw(10'000'000'000));
  CHECK(x.elasticity("workload.prefill").predicted.value() == Approx(0.55).margin(1e-6));
  CHECK(x.elasticity("workload.prefill").measured.value() == Approx(of_time(0.55)).margin(1e-6));
  CHECK(x.elasticity(kRoundTrip).measured.value() == Approx(of_time(0.35)).margin(1e-6));
  CHECK(x.elasticity(kStepTime).measured.value() == Approx(of_time(0.10)).margin(1e-6));
}
