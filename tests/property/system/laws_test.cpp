// Laws that every run obeys, over random scenarios.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report/json.hpp"
#include "sim/report/trace.hpp"
#include "tests/property/system/random_scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {

constexpr std::uint64_t kScenarios = 800;

nlohmann::ordered_json json(const Scenario& s) {
  LoadedScenario loaded;
  loaded.scenario = s;
  return report::result_json(loaded, simulate(s), false);
}

// Empty when the two results are the same bytes; else what differs.
std::string difference(const Scenario& a, const Scenario& b) {
  const auto x = json(a), y = json(b);
  if (report::text(x) == report::text(y)) return "";
  return nlohmann::ordered_json::diff(x, y).dump(1);
}

template <class Check>
void over_scenarios(Check check) {
  for (std::uint64_t i = 1; i <= kScenarios; ++i) {
    const Scenario s = ScenarioMaker(i).make();
    CAPTURE(i, static_cast<int>(s.verification.timing),
            static_cast<int>(s.verification.hash.engine), s.faults.verdict_failure);
    check(s);
  }
}

}  // namespace

TEST_CASE("the time breakdown sums to the decode time, to the picosecond") {
  over_scenarios([](const Scenario& s) {
    const Result r = simulate(s);
    REQUIRE(r.breakdown.total().count() == r.decode.count());
  });
}

TEST_CASE("generated tokens are committed or discarded") {
  over_scenarios([](const Scenario& s) {
    const Result r = simulate(s);
    const auto& v = r.verification;
    if (!r.recovery.aborted) REQUIRE(r.tokens == s.workload.output_tokens);
    REQUIRE(r.tokens <= s.workload.output_tokens);
    REQUIRE(v.window_max <= s.verification.window);
    if (s.faults.verdict_failure == 0.0) {
      REQUIRE(v.failures == 0);
      REQUIRE(r.recovery.discarded_tokens == 0);
      REQUIRE(r.breakdown[Category::rollback] == Duration::zero());
    }
    if (s.verification.timing == verify::Timing::optimistic ||
        s.verification.timing == verify::Timing::pessimistic) {
      if (!r.recovery.aborted) REQUIRE(v.checks == v.boundaries + v.failures);
      REQUIRE(r.recovery.rollbacks == v.failures);
    }
    // Whole steps that were simulated: one more only if a verdict met the very end of a step.
    if (!s.workload.decode_step && r.decode_phase.totals.launches > 0) {
      ProgramBuilder programs(s);
      programs.decode(s.workload.prompt_tokens + 1);
      const std::int64_t steps = r.tokens + r.recovery.discarded_tokens;
      if (s.attention.kernel != attention::KernelKind::unfused)
        REQUIRE(r.decode_phase.totals.launches == steps * programs.totals().launches);
    }
  });
}

TEST_CASE("fast-forward changes no byte of a result") {
  over_scenarios([](const Scenario& s) {
    Scenario slow = s;
    slow.simulation.fast_forward = false;
    REQUIRE(difference(s, slow) == "");
  });
}

TEST_CASE("a run gives the same bytes again, traced or not") {
  for (std::uint64_t i = 1; i <= kScenarios; i += 4) {
    const Scenario s = ScenarioMaker(i).make();
    report::ChromeTrace trace;
    const Result traced = simulate(s, &trace), plain = simulate(s);
    CAPTURE(i);
    REQUIRE(traced.total == plain.total);
    REQUIRE(traced.simulation.fingerprint == plain.simulation.fingerprint);
    REQUIRE(difference(s, s) == "");
  }
}

TEST_CASE("no resource is busy longer than the run, and none moves a byte it was not given") {
  over_scenarios([](const Scenario& s) {
    const Result r = simulate(s);
    int bounds = 0;
    for (const ResourceUse& u : r.resources) {
      CAPTURE(u.name);
      REQUIRE(u.busy.count() >= 0);
      if (u.name != "host.hash" && u.name != "ledger")
        REQUIRE(u.busy.count() <= (r.decode + r.drain).count());
      bounds += u.bound ? 1 : 0;
    }
    REQUIRE(bounds == 1);
    REQUIRE(r.decode_phase.totals.weights + r.decode_phase.totals.attention +
                r.decode_phase.totals.anchors <=
            r.decode_phase.totals.hbm);
  });
}

TEST_CASE("stages of a check sum to its service time") {
  over_scenarios([](const Scenario& s) {
    if (s.verification.timing == verify::Timing::none || s.faults.verdict_failure > 0) return;
    const Result r = simulate(s);
    REQUIRE(seconds(r.verification.spent.total()) ==
            Approx(r.verification.service_s).margin(1e-11));
    REQUIRE(r.verification.latency.mean >= r.verification.service_s * (1 - 1e-12));
  });
}
