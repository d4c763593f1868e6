// Reports without a browser: nothing escapes its element, rows keep what they were given, and a
// page without the library says so.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report/html/page.hpp"
#include "sim/report/html/sweep_report.hpp"
#include "sim/report/html/timeline.hpp"
#include "sim/report/tee.hpp"
#include "sim/system/operators.hpp"
#include "sim/system/simulate.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::literals;
using namespace fieldsim::report::html;

namespace {

Time at(std::int64_t us) { return Time::zero() + 1_us * us; }

// Runs in a moment and rolls back several times.
system::Scenario failing() {
  return system::test::shipped(
             "paper_13b_64k", {"workload.prompt_tokens=256", "workload.output_tokens=40",
                               "faults.verdict_failure=0.4", "verification.boundary.every_tokens=2",
                               "verification.workers=2", "recovery.retry_limit=100"})
      .scenario;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

SweepTable small_sweep() {
  SweepTable t;
  t.title = "anchors";
  t.varied = {"attention.anchor_tokens", "attention.kernel"};
  t.shown = {"throughput.tokens_per_s"};
  t.columns = {"attention.anchor_tokens", "attention.kernel", "throughput.tokens_per_s"};
  for (const char* kernel : {"fused", "unfused"})
    for (int anchors : {0, 64, 1024}) t.rows.push_back({anchors, kernel, 50.0 - anchors / 100.0});
  return t;
}

}  // namespace

TEST_CASE("text from outside stays text in markup, in JSON and in code") {
  CHECK(escaped("<b a=\"1\">&'") == "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
  const std::string json = in_json_script(Json({{"name", "</script><!--"}}).dump());
  CHECK_FALSE(has(json, "<"));
  CHECK(Json::parse(json).at("name") == "</script><!--");
  CHECK(in_script("a('</script>')") == "a('<\\/script>')");
}

TEST_CASE("a page without the library says where it was looked for and keeps its tables") {
  Page page("a < b");
  page.section("Numbers");
  page.table({"", {"name", "value"}, {{"<i>", "1"}}, {1}});
  Plot plot;
  plot.spec = "memory";
  page.plot(plot);
  const std::string html = page.html({"", {"/somewhere/library.js"}});
  CHECK(has(html, "<title>a &lt; b</title>"));
  CHECK(has(html, "/somewhere/library.js"));
  CHECK(has(html, "--target plots"));
  CHECK(has(html, "<td>&lt;i&gt;</td><td class=\"n\">1</td>"));
  CHECK_FALSE(has(html, "<script>"));
  CHECK_FALSE(has(page.html({"code", {}}), "id=\"missing\""));
}

TEST_CASE("spans inside spans lie on rows of their own, and instants are no spans") {
  Timeline t;
  const auto gpu = t.track("gpu", "generation");
  t.span(gpu, "kernel", at(0), at(4));
  t.span(gpu, "kernel", at(4), at(10));
  t.span(gpu, "step", at(0), at(10));
  t.instant(t.track("session", "verdicts"), "failed 3", at(7));
  const Json j = t.json();
  CHECK(j.at("rows") == Json({"session: verdicts", "gpu: generation", "gpu: generation, inside"}));
  REQUIRE(j.at("spans").size() == 3);
  CHECK(j.at("spans")[0][0] == 1);
  CHECK(j.at("spans")[1][0] == 2);
  REQUIRE(j.at("instants").size() == 1);
  CHECK(j.at("kinds")[j.at("instants")[0][3].get<std::size_t>()] == "failed");
  CHECK(j.at("end") == 10.0);
  CHECK(j.at("left_out").empty());
}

TEST_CASE("a row of many spans is thinned, and the report says what was left out") {
  Timeline t;
  const auto track = t.track("gpu", "generation");
  constexpr std::int64_t kMany = 200'000;
  for (std::int64_t i = 0; i < kMany; ++i) t.span(track, "kernel", at(2 * i), at(2 * i + 1));
  const Json j = t.json(1000);
  CHECK(j.at("spans").size() <= 1000);
  REQUIRE(j.at("left_out").size() == 1);
  CHECK(has(j.at("left_out")[0], "500 of 200000 spans"));
  const auto& last = j.at("spans").back();
  CHECK(last[1].get<double>() + last[2].get<double>() == j.at("end").get<double>());
  CHECK(has(j.at("names").back(), "50 % busy"));
}

TEST_CASE("a rollback can be found: undone spans, the verdict, and boundaries made again") {
  const system::Scenario s = failing();
  Timeline t;
  const system::Result r = system::simulate(s, &t);
  REQUIRE(r.recovery.rollbacks > 0);
  const Json j = t.json();
  const auto& kinds = j.at("kinds");
  for (const char* kind : {"boundary", "undone", "regenerated", "rollback", "failed", "verified"}) {
    CAPTURE(kind);
    CHECK(std::find(kinds.begin(), kinds.end(), kind) != kinds.end());
  }
  std::size_t found = 0;
  for (const Json& f : j.at("focus")) found += has(f[0], "rollback") ? 1u : 0u;
  CHECK(found > 0);
}

TEST_CASE("two sinks of one run see what each would see alone") {
  const system::Scenario s = failing();
  Timeline alone, first, second;
  system::simulate(s, &alone);
  report::Tee both;
  both.add(first);
  second.track("shifted", "by one");  // its track ids differ from the first's
  both.add(second);
  system::simulate(s, &both);
  CHECK(first.json() == alone.json());
  CHECK(second.json() == alone.json());
}

TEST_CASE("operators of a step add up to what the run moved and computed") {
  const system::Scenario s = failing();
  const system::Result r = system::simulate(s);
  Bytes prefill;
  Flops flops;
  for (const system::OperatorUse& u : system::operators(s)) {
    if (u.phase != "prefill") continue;
    prefill += u.hbm;
    flops += u.flops;
  }
  CHECK(prefill == r.prefill.totals.hbm);
  CHECK(flops == r.prefill.totals.flops);
}

TEST_CASE("a sweep draws a curve for each combination of the other varied paths") {
  const std::string html = sweep_page(small_sweep(), {}).html({"code", {}});
  CHECK(has(html, "throughput.tokens_per_s, tokens/s"));
  CHECK(has(html, "\"series\":\"unfused\""));
  CHECK(has(html, "\"yScale\":\"linear\""));
  SweepTable empty = small_sweep();
  empty.rows.clear();
  CHECK(has(sweep_page(empty, {}).html({"code", {}}), "is no number in any point"));
}
