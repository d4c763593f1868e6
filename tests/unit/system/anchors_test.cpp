// The anchor's life in a chat: what the first token waits for, what a batch shares, what is
// refused.
#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;

namespace {
const std::vector<std::string> kShort = {"workload.prompt_tokens=256", "workload.output_tokens=4"};

Scenario life(const std::string& name, std::vector<std::string> set = {}) {
  set.insert(set.begin(), kShort.begin(), kShort.end());
  return shipped(name, set).scenario;
}
}  // namespace

TEST_CASE("the first token waits for retrieve, verify and promote, and for nothing else") {
  for (const char* name : {"anchor_life_host", "anchor_life_prefill", "anchor_life_remote"}) {
    CAPTURE(name);
    const Scenario with = life(name);
    const Result r = simulate(with);
    REQUIRE(r.anchors.has_value());
    CHECK(r.anchors->path.total() == r.anchors->ready);
    CHECK(r.anchors->path[Category::retrieve] > Duration::zero());
    CHECK(r.anchors->path[Category::promote] > Duration::zero());
    CHECK(r.anchors->path[Category::hash] > Duration::zero());
    CHECK(r.prefill.spent.total() == r.prefill.time);
    Scenario without = with;
    without.anchors.reset();
    without.verification.timing = verify::Timing::none;
    Scenario unverified = with;
    unverified.verification.timing = verify::Timing::none;
    const Result plain = simulate(without), quick = simulate(unverified);
    CHECK(quick.ttft == plain.ttft + quick.anchors->ready);
    CHECK(quick.anchors->path[Category::hash] == Duration::zero());
    CHECK(r.anchors->ready > quick.anchors->ready);
  }
}

TEST_CASE("sequences that ask for the same anchors share its pages and its load") {
  const Scenario s = life("anchor_life_prefill", {"anchors.count=2"});
  const Result r = simulate(s);
  CHECK(r.anchors->stats.uses == 16);
  CHECK(r.anchors->stats.promotions == 2);
  CHECK(r.anchors->stats.joined + r.anchors->stats.hits == 14);
  const ProgramBuilder programs(s);
  CHECK(r.memory.anchors == programs.kv_bytes_per_token() * 256);
  CHECK(r.verification.checks == 2);
}

TEST_CASE("stored keys and values cross the link, a prefill computes them") {
  const Result copied = simulate(life("anchor_life_prefill", {"anchors.promote=copy_kv"}));
  const Result computed = simulate(life("anchor_life_prefill"));
  CHECK(copied.anchors->stats.promoted > Bytes::zero());
  CHECK(computed.anchors->stats.promoted == Bytes::zero());
  CHECK(computed.anchors->stats.promotions == copied.anchors->stats.promotions);
}

TEST_CASE("without the section nothing about an anchor's life is reported") {
  CHECK_FALSE(simulate(shipped("sane_on_load", kShort).scenario).anchors.has_value());
}

TEST_CASE("an anchor that fails for good ends the run before its prefill") {
  const Result r = simulate(life("anchor_life_host", {"faults.verdict_failure=1"}));
  CHECK(r.recovery.aborted);
  CHECK(r.tokens == 0);
  CHECK(r.verification.failures == 4);
}

TEST_CASE("anchors that cannot be held at once are refused, with what they need") {
  CHECK_THROWS_AS(simulate(life("anchor_life_prefill", {"anchors.limit=1 MiB"})), ConfigError);
}

TEST_CASE("rules between the anchors and the sections beside them are reported together") {
  try {
    life("anchor_life_host",
         {"anchors.per_request=3", "anchors.count=2", "anchors.index.vectors=1"});
    FAIL("accepted");
  } catch (const ConfigError& e) {
    CHECK(e.problems().size() == 3);
  }
}
