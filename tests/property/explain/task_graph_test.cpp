// Laws of the executed task graph, over random scenarios with random failures.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/system/explain/critical_path.hpp"
#include "tests/property/system/random_scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::TaskLog;

namespace {

constexpr std::uint64_t kScenarios = 400;

template <class Check>
void for_random_runs(const Check& check) {
  for (std::uint64_t seed = 1; seed <= kScenarios; ++seed) {
    const Scenario s = ScenarioMaker(seed).make();
    TaskLog log;
    const Result r = simulate(s, nullptr, &log);
    CAPTURE(seed);
    check(s, r, log);
  }
}

}  // namespace

TEST_CASE("a task begins at the picosecond in which the last task before it ended") {
  for_random_runs([](const Scenario&, const Result&, const TaskLog& log) {
    std::int64_t gaps = 0;
    std::string first;
    for (const TaskLog::Task& t : log.tasks()) {
      Time before;
      for (std::uint32_t i = 0; i < t.afters; ++i)
        before = std::max(before, log[log.afters(t)[i]].end);
      if (before != t.begin && ++gaps == 1) first = t.what;
    }
    CAPTURE(first);
    CHECK(gaps == 0);
  });
}

TEST_CASE("the critical path is as long as the run, and its parts are as long as it is") {
  for_random_runs([](const Scenario&, const Result& r, const TaskLog& log) {
    const auto path = explain::critical_path(log, TaskLog::Mark::drained);
    CHECK(path.length == r.total);
    CHECK(path.prefill.total() + path.decode.total() == r.total);
    CHECK(path.prefill.total() == r.prefill.time);
    const auto decode = explain::critical_path(log, TaskLog::Mark::decode_ended);
    CHECK(decode.length == r.prefill.time + r.decode);
    if (r.ttft > Duration::zero())
      CHECK(explain::critical_path(log, TaskLog::Mark::first_token).length == r.ttft);
  });
}

TEST_CASE("slack is never negative, and zero on the critical path") {
  for_random_runs([](const Scenario&, const Result&, const TaskLog& log) {
    const auto path = explain::critical_path(log, TaskLog::Mark::drained);
    for (TaskLog::Id id : path.tasks)
      CHECK(path.slack[static_cast<std::size_t>(id)] == Duration::zero());
    CHECK(std::none_of(path.slack.begin(), path.slack.end(),
                       [](const auto& s) { return s && *s < Duration::zero(); }));
  });
}

TEST_CASE("a log changes nothing, nor does fast-forwarding change the log's path") {
  for_random_runs([](const Scenario& s, const Result& r, const TaskLog& log) {
    CHECK(simulate(s).simulation.fingerprint == r.simulation.fingerprint);
    Scenario slow = s;
    slow.simulation.fast_forward = false;
    TaskLog every_kernel;
    simulate(slow, nullptr, &every_kernel);
    const auto a = explain::critical_path(log, TaskLog::Mark::drained);
    const auto b = explain::critical_path(every_kernel, TaskLog::Mark::drained);
    CHECK(a.length == b.length);
    for (std::size_t l = 0; l < hardware::kLimiters; ++l)
      CHECK(a.decode[static_cast<hardware::Limiter>(l)] ==
            b.decode[static_cast<hardware::Limiter>(l)]);
  });
}
