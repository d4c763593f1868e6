// The timeline, read back: spans nest, time runs forward, flows end, every part has its track.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/report/trace.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using Json = nlohmann::json;

namespace {

// Picoseconds: six decimals of a microsecond, read from the text so that nothing is rounded.
std::int64_t picoseconds(const Json& microseconds) {
  return static_cast<std::int64_t>(std::llround(microseconds.get<double>() * 1e6));
}

struct Span {
  std::int64_t begin, end;
  std::string name;
};
using Track = std::pair<std::string, std::string>;  // device, name

struct Timeline {
  std::map<Track, std::vector<Span>> spans;
  std::map<std::string, std::vector<std::pair<std::int64_t, double>>> counters;
  std::map<std::int64_t, std::string> flows;  // phases in order
  std::map<std::int64_t, std::vector<std::pair<Track, std::int64_t>>> flow_points;
  bool monotone = true;
};

Timeline read(const std::string& text) {
  Timeline t;
  const Json j = Json::parse(text);
  std::map<int, std::string> device;
  std::map<std::pair<int, int>, Track> tracks;
  std::int64_t last = 0;
  for (const Json& e : j.at("traceEvents")) {
    const std::string ph = e.at("ph");
    if (ph == "M") {
      const std::string name = e.at("args").at("name");
      if (e.at("name") == "process_name")
        device[e.at("pid")] = name;
      else
        tracks[{e.at("pid"), e.at("tid")}] = {device.at(e.at("pid")), name};
      continue;
    }
    const std::int64_t at = picoseconds(e.at("ts"));
    t.monotone = t.monotone && at >= last;
    last = at;
    if (ph == "C") {
      t.counters[e.at("name")].push_back({at, e.at("args").at("value").get<double>()});
      continue;
    }
    const Track track = tracks.at({e.at("pid"), e.at("tid")});
    if (ph == "X") t.spans[track].push_back({at, at + picoseconds(e.at("dur")), e.at("name")});
    if (ph == "s" || ph == "t" || ph == "f") {
      t.flows[e.at("id")] += ph;
      t.flow_points[e.at("id")].push_back({track, at});
    }
  }
  return t;
}

Timeline traced(const Scenario& s) {
  report::ChromeTrace trace;
  simulate(s, &trace);
  return read(trace.json());
}

// 0.01 us: times of seconds lose their last digits as double.
constexpr std::int64_t kReading = 10'000;

bool nested(const std::vector<Span>& spans) {
  std::vector<Span> open;
  for (const Span& s : spans) {
    while (!open.empty() && open.back().end <= s.begin + kReading) open.pop_back();
    if (!open.empty() && s.end > open.back().end + kReading) return false;
    open.push_back(s);
  }
  return true;
}

bool covered(const std::vector<Span>& spans, std::int64_t at) {
  for (const Span& s : spans)
    if (s.begin <= at + kReading && at <= s.end + kReading) return true;
  return false;
}

Scenario failing() {
  return shipped("paper_13b_64k",
                 {"workload.prompt_tokens=256", "workload.output_tokens=40",
                  "faults.verdict_failure=0.4", "verification.boundary.every_tokens=2",
                  "verification.workers=2", "recovery.retry_limit=100"})
      .scenario;
}

std::vector<Scenario> several() {
  std::vector<Scenario> all = {failing()};
  for (const char* name :
       {"v2_5_a", "v3_0_k32", "sane_threads16", "sane_gpu_tree_100", "sane_on_load"})
    all.push_back(shipped(name, {"workload.output_tokens=40"}).scenario);
  all.push_back(shipped("paper_13b_64k", {"workload.prompt_tokens=100", "workload.output_tokens=4",
                                          "attention.kernel=unfused"})
                    .scenario);
  for (std::uint64_t seed = 2; seed < 8; ++seed) {
    Scenario s = failing();
    s.seed = seed;
    s.verification.workers = static_cast<std::int64_t>(seed % 3) + 1;
    all.push_back(s);
  }
  return all;
}

}  // namespace

TEST_CASE("spans of a track nest, and time runs forward") {
  for (const Scenario& s : several()) {
    const Timeline t = traced(s);
    CAPTURE(s.name, s.seed);
    CHECK(t.monotone);
    for (const auto& [track, spans] : t.spans) {
      CAPTURE(track.first, track.second);
      CHECK(nested(spans));
      for (const Span& span : spans) REQUIRE(span.end >= span.begin);
    }
  }
}

TEST_CASE("every flow begins once and ends once, on a span of its track") {
  for (const Scenario& s : several()) {
    const Timeline t = traced(s);
    CAPTURE(s.name, s.seed);
    for (const auto& [id, phases] : t.flows) {
      CAPTURE(id, phases);
      CHECK(phases.front() == 's');
      CHECK(phases.back() == 'f');
      CHECK(std::count(phases.begin(), phases.end(), 's') == 1);
      CHECK(std::count(phases.begin(), phases.end(), 'f') == 1);
      for (const auto& [track, at] : t.flow_points.at(id)) {
        CAPTURE(track.first, track.second, at);
        CHECK(covered(t.spans.at(track), at));
      }
    }
  }
}

TEST_CASE("every boundary has a flow to its verdict, and failed ones to a rollback") {
  const Scenario s = failing();
  const Timeline t = traced(s);
  const Result r = simulate(s);
  REQUIRE(r.recovery.rollbacks > 2);
  const auto& boundaries = t.spans.at({"session", "boundaries"});
  CHECK(t.flows.size() == boundaries.size());
  std::int64_t rollbacks = 0, verified = 0, failed = 0;
  for (const Span& span : t.spans.at({"session", "verdicts"})) {
    rollbacks += span.name == "rollback" ? 1 : 0;
    verified += span.name.starts_with("verified") ? 1 : 0;
    failed += span.name.starts_with("failed") ? 1 : 0;
  }
  CHECK(rollbacks == r.recovery.rollbacks);
  CHECK(failed == r.verification.failures);
  CHECK(verified == r.verification.boundaries);
}

TEST_CASE("every part of the machine has its track") {
  const Timeline t = traced(failing());
  std::set<std::string> all;
  for (const auto& [track, spans] : t.spans) all.insert(track.first + "/" + track.second);
  for (const char* track :
       {"gpu/generation", "gpu/verification", "gpu/copy engine 0", "link/to host 0",
        "host/verifier 0", "host/verifier 1", "host/hash worker 0", "ledger/read 0",
        "session/boundaries", "session/verdicts"}) {
    CAPTURE(track);
    CHECK(all.count(track) == 1);
  }
}

TEST_CASE("counters follow the window, the KV cache and bandwidth") {
  const Scenario s = failing();
  const Timeline t = traced(s);
  const auto& window = t.counters.at("unverified boundaries");
  for (const auto& [at, value] : window) {
    REQUIRE(value >= 0);
    REQUIRE(value <= static_cast<double>(s.verification.window));
  }
  CHECK(window.back().second == 0.0);
  const auto& kv = t.counters.at("KV tokens");
  CHECK(kv.back().second == 256.0 + 40.0);
  bool fell = false;
  for (std::size_t i = 1; i < kv.size(); ++i) fell = fell || kv[i].second < kv[i - 1].second;
  CHECK(fell);  // a rollback takes tokens back
  const auto& memory = t.counters.at("device memory GB/s");
  for (const auto& [at, value] : memory) REQUIRE(value <= 2039.0);
  CHECK(t.counters.count("link to host GB/s") == 1);
}

TEST_CASE("a timeline says what the result says") {
  const Scenario s = shipped("v2_5_a", {"workload.output_tokens=5"}).scenario;
  const Timeline t = traced(s);
  const Result r = simulate(s);
  std::int64_t copied = 0, last = 0;
  for (const Span& span : t.spans.at({"link", "to host 0"})) copied += span.end - span.begin;
  CHECK(copied == Approx(938.8032e6 / 25e9 * 1e12 * 5).epsilon(1e-6));
  for (const auto& [track, spans] : t.spans)
    for (const Span& span : spans) last = std::max(last, span.end);
  CHECK(static_cast<double>(last) == Approx(seconds(r.total) * 1e12));
  CHECK(t.spans.at({"gpu", "generation"}).size() == 5);
}

TEST_CASE("names are escaped, and the same pair is the same track") {
  report::ChromeTrace trace;
  const auto a = trace.track("gpu", "a \"quoted\" \\ name"),
             b = trace.track("gpu", "a \"quoted\" \\ name");
  CHECK(a.value == b.value);
  CHECK(trace.track("host", "a \"quoted\" \\ name").value != a.value);
  trace.span(a, "x\"y", Time::at(1'234'567'890_ps), Time::at(1'234'567'891_ps));
  const Json j = Json::parse(trace.json());
  CHECK(j["traceEvents"].back()["name"] == "x\"y");
  CHECK(trace.json().find("\"ts\":1234.567890") != std::string::npos);
  CHECK(trace.json().find("\"dur\":0.000001") != std::string::npos);
}
