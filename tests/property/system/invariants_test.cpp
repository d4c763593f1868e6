// The invariants of rollback-recovery (verification.md 4.1) that one session can break, over random
// scenarios with every policy and fault.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report/json.hpp"
#include "sim/report/trace.hpp"
#include "tests/property/system/random_scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;
using verify::Timing;

namespace {

constexpr std::uint64_t kScenarios = 3000;

std::string bytes_of(const Scenario& s, des::TraceSink* trace = nullptr) {
  LoadedScenario loaded;
  loaded.scenario = s;
  return report::text(report::result_json(loaded, simulate(s, trace), false));
}

template <class Check>
void over_scenarios(Check check, std::uint64_t step = 1) {
  for (std::uint64_t i = 1; i <= kScenarios; i += step) {
    const Scenario s = ScenarioMaker(i).make_with_policies();
    CAPTURE(i, static_cast<int>(s.verification.timing), static_cast<int>(s.recovery.rollback),
            static_cast<int>(s.recovery.checkpoint));
    check(s);
  }
}

}  // namespace

TEST_CASE("I7: generated is committed, discarded or in flight, in tokens, bytes and joules") {
  over_scenarios([](const Scenario& s) {
    const Result r = simulate(s);
    const auto& v = r.recovery;
    REQUIRE(v.generated == v.committed + v.discarded + v.in_flight);
    REQUIRE(v.in_flight == recovery::Work{});
    REQUIRE(v.committed.tokens == r.tokens);
    REQUIRE(v.discarded.tokens >= 0);
    REQUIRE(v.discarded.energy >= Energy::zero());
    REQUIRE(r.breakdown.total() == r.decode);
    if (!s.workload.decode_step) REQUIRE(v.generated.bytes == r.decode_phase.totals.hbm);
    REQUIRE(v.escaped_tokens <= r.tokens);
  });
}

TEST_CASE("I8: what is kept is as long as what was asked for, and no place in the window is lost") {
  over_scenarios([](const Scenario& s) {
    const Result r = simulate(s);
    REQUIRE(r.tokens <= s.workload.output_tokens);
    if (!r.recovery.aborted) REQUIRE(r.tokens == s.workload.output_tokens);
    REQUIRE(r.verification.window_max <= s.verification.window);
    REQUIRE(static_cast<std::int64_t>(r.verification.exposure_max) <= s.workload.output_tokens);
  });
}

TEST_CASE("I11: faults that stay end, in abort or fallback") {
  over_scenarios(
      [](Scenario s) {
        s.faults.verdict_failure = 1;
        s.faults.tampering = recovery::Tampering{Duration::raw(1)};
        s.faults.noise.emplace();
        s.faults.noise->flip = 1;
        s.faults.noise->elements = 1;
        s.faults.noise->systematic = true;
        s.faults.ledger.equivocation = 1;
        const Result r = simulate(s);
        if (!r.recovery.aborted) REQUIRE(r.tokens == s.workload.output_tokens);
      },
      3);
}

TEST_CASE("with every policy, tracing and fast-forward change no byte") {
  over_scenarios(
      [](Scenario s) {
        report::ChromeTrace trace;
        const std::string plain = bytes_of(s);
        REQUIRE(bytes_of(s, &trace) == plain);
        s.simulation.fast_forward = false;
        REQUIRE(bytes_of(s) == plain);
      },
      6);
}

TEST_CASE("what verdicts are waited for, or hold output back, lets nothing bad escape") {
  over_scenarios([](Scenario s) {
    // Nothing that a verdict of the boundary's own cannot see, and no fallback that accepts it.
    s.faults.time_of_use = {};
    s.faults.ledger = {};
    s.verification.challenge.watch = 1;
    s.verification.audit = {1, 1};
    if (s.recovery.retry.exhausted == recovery::Exhausted::tolerate)
      s.recovery.retry.exhausted = recovery::Exhausted::abort;
    if (s.recovery.rollback == recovery::Rollback::compensate_only)
      s.recovery.rollback = recovery::Rollback::suffix;
    const Timing t = s.verification.timing;
    if (t == Timing::none || t == Timing::attested_tee || t == Timing::on_load) return;
    REQUIRE(simulate(s).recovery.escaped_tokens == 0);
  });
}
