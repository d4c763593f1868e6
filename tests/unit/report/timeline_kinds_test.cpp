// Everything that a run draws has a kind of its own in a report's timeline.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/report/html/timeline.hpp"
#include "sim/report/html/timeline_kinds.hpp"
#include "sim/system/simulate.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using fieldsim::report::html::Timeline;

namespace {

std::set<std::string> kinds(const std::string& scenario, const std::vector<std::string>& set) {
  Timeline t;
  system::simulate(system::test::shipped(scenario, set).scenario, &t);
  const auto j = t.json();
  CHECK(j.at("looks").size() == j.at("kinds").size());
  std::set<std::string> out;
  for (const auto& k : j.at("kinds")) out.insert(k.get<std::string>());
  return out;
}

void has(const std::set<std::string>& found, const std::vector<std::string>& wanted) {
  for (const std::string& kind : wanted) {
    CAPTURE(kind);
    CHECK(found.contains(kind));
  }
  for (const char* vague : {"session", "agents", "other"}) {
    CAPTURE(vague);
    CHECK_FALSE(found.contains(vague));  // a device's name: nothing more is known
  }
}

}  // namespace

TEST_CASE("a session's boundaries, verdicts, rollbacks and checkpoints") {
  const std::vector<std::string> small = {"workload.prompt_tokens=256", "workload.output_tokens=40",
                                          "faults.verdict_failure=0.4", "recovery.retry_limit=100",
                                          "verification.boundary.every_tokens=2"};
  std::vector<std::string> copied = small;
  copied.push_back("recovery.checkpoint=full_copy_host");
  has(kinds("paper_13b_64k", copied), {"boundary", "undone", "regenerated", "rollback", "verified",
                                       "failed", "gpu", "link", "host", "checkpoint"});
  std::vector<std::string> again = small;
  again.push_back("recovery.checkpoint=recompute");
  has(kinds("paper_13b_64k", again), {"repair"});
}

TEST_CASE("an anchor's life and an enclave's attestation") {
  const std::vector<std::string> small = {"workload.output_tokens=40"};
  has(kinds("anchor_life_prefill", small),
      {"retrieve", "verify", "promote", "gpu, for anchors", "ledger"});
  has(kinds("anchor_life_remote", small), {"retrieve", "fetch", "promote"});
  has(kinds("on_load_ttl", {}), {"re-verify", "fetch"});
  has(kinds("tee_h100", {"workload.prompt_tokens=256", "workload.output_tokens=8"}),
      {"attestation"});
}

TEST_CASE("agents: what each does, its boundaries, verdicts and messages") {
  has(kinds("agents_cascading",
            {"workload.agents.count=40", "workload.agents.duration=60 s",
             "faults.verdict_failure=0.2", "workload.agents.messages.probability=0.5"}),
      {"boundary", "verified", "failed", "rollback", "regenerated", "generates", "tool", "thinks",
       "reads memories", "message"});
}

TEST_CASE("an unknown track keeps the name of its device, and devices look different") {
  using report::html::kind_of;
  CHECK(kind_of("planets", "r 7", "orbits") == "planets");
  CHECK(kind_of("host", "verifier 0", "boundary 3") == "host");
  CHECK(kind_of("gpu", "generation", "boundary") == "gpu");
  CHECK(kind_of("session", "anchors", "evict 3") == "evict");
  const auto looks = report::html::looks_of({"requests", "fabric", "gpu"});
  CHECK(looks[0] != looks[1]);
  CHECK(looks[0] != looks[2]);
}
