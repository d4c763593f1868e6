// Schemes in runs: what ships agrees with what was published, overheads are where they belong, and
// a digest is never sold as correctness.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/config/document.hpp"
#include "sim/config/paths.hpp"
#include "sim/report/json.hpp"
#include "sim/report/summary.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/scheme_cost.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;
using Json = nlohmann::ordered_json;

namespace {

Json result(const std::string& name, const std::vector<std::string>& set = {}) {
  const LoadedScenario loaded = shipped(name, set);
  return report::result_json(loaded, simulate(loaded.scenario), false);
}

Result outcome(const LoadedScenario& loaded) { return simulate(loaded.scenario); }

std::vector<std::string> scheme_scenarios() {
  std::vector<std::string> names;
  for (const std::string& name : config::Catalogue().names("scenarios"))
    if (name.starts_with("scheme_")) names.push_back(name);
  return names;
}

verify::Scheme scheme(const std::string& name) {
  const config::Catalogue catalogue;
  return config::load(scheme_schema(), catalogue.find("schemes", name, {}), catalogue, "schemes")
      .value;
}

}  // namespace

TEST_CASE("every scheme loads, says what it covers and whom it trusts, and sources each number") {
  const config::Catalogue catalogue;
  const auto schema = scheme_schema();
  const auto names = catalogue.names("schemes");
  CHECK(names.size() >= 18);
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto loaded =
        config::load(schema, catalogue.find("schemes", name, {}), catalogue, "schemes");
    CHECK(loaded.value.name == name);
    CHECK_FALSE(loaded.value.covers.empty());
    CHECK_FALSE(loaded.value.trust.empty());
    for (const config::Origin& o : loaded.provenance.all()) {
      const config::PathLookup at = config::find_path(schema.node(), o.path);
      if (!o.given || !at || !at.node->is_number()) continue;
      CAPTURE(o.path);
      CHECK_FALSE(o.source.reference.empty());
    }
  }
}

TEST_CASE("every scenario of a scheme agrees with its published figures, or says by how much not") {
  for (const std::string& name : scheme_scenarios())
    for (const char* fidelity : {"event", "analytic"}) {
      const Json j = result(name, {std::string("fidelity=") + fidelity});
      CAPTURE(name, fidelity);
      CHECK(j.at("tokens").at("output") > 0);
      if (!j.contains("published")) continue;
      for (const Json& f : j.at("published")) {
        CAPTURE(f.dump());
        CHECK(f.at("ours").is_number());
        CHECK_FALSE(f.at("source").get<std::string>().empty());
        if (f.at("within").is_boolean()) CHECK(f.at("within") == true);
      }
    }
}

TEST_CASE(
    "CommitLLM: 12-14 % online on an eager step, and a fortnight later 20-25 % and four steps a "
    "token to finalise") {
  const Json fast = result("scheme_commitllm").at("scheme");
  CHECK(fast.at("prover_online_share") == Approx(.13).epsilon(.1));
  CHECK(fast.at("prover_finalize_s") == 0);
  CHECK(fast.at("retained_bytes_per_token") == 501 * 1024);
  CHECK(fast.at("guarantee") == "sound_in_part");
  const Json all = result("scheme_commitllm_finalize");
  const Json& later = all.at("scheme");
  CHECK(later.at("prover_online_share") > .20);
  CHECK(later.at("prover_online_share") < .25);
  CHECK(later.at("prover_finalize_s") == Approx(.0775 * 256));
  CHECK(later.at("prover_finalize_share") > 2.25);
  CHECK(later.at("prover_finalize_share") < 5.54);
  CHECK(all.at("latency").at("tpot_s").at("p50") == Approx(.02158).epsilon(.15));
}

TEST_CASE("a digest of stored bytes is never labelled as correctness of computed tokens") {
  for (const std::string& name : config::Catalogue().names("schemes")) {
    const verify::Scheme s = scheme(name);
    CAPTURE(name);
    if (verify::hashes(s.kind)) CHECK_FALSE(verify::covers_computation(s.guarantee));
  }
  // Without a scheme, too; and the summary says it.
  const LoadedScenario paper = shipped("paper_13b_64k");
  const Result r = simulate(paper.scenario);
  const Json j = report::result_json(paper, r, false).at("scheme");
  CHECK(j.at("guarantee") == "stored_bytes");
  CHECK(j.at("covers_computation") == false);
  CHECK_THAT(report::summary(paper, r), Catch::Contains("says nothing of computed tokens"));
  CHECK_THROWS_WITH(
      shipped("paper_13b_64k", {"verification.scheme={extends: hash, guarantee: sound}"}),
      Catch::Contains("a digest says which bytes were stored"));
}

TEST_CASE("the prover's overhead is on the critical path, whatever the timing, and nowhere else") {
  const auto run_with = [](const char* timing, const std::string& prover) {
    return outcome(shipped("scheme_eigenai",
                           {std::string("verification.timing=") + timing,
                            "verification.scheme={extends: eigenai, prover: " + prover + "}"}));
  };
  for (const char* timing : {"none", "pessimistic", "optimistic"}) {
    const Result without = run_with(timing, "{step: 0}");
    const Result with = run_with(timing,
                                 "{step: 0.1, per_token: 1 ms, finalize: 50 ms,"
                                 " finalize_per_token: 2 ms}");
    const double step =
        seconds(without.breakdown.total() - without.breakdown[Category::check] -
                without.breakdown[Category::hash] - without.breakdown[Category::ledger]);
    CAPTURE(timing);
    CHECK(seconds(with.breakdown[Category::evidence]) ==
          Approx(.1 * step + 512 * 1e-3 + .05 + 512 * 2e-3).epsilon(1e-6));
    CHECK(without.breakdown[Category::evidence] == Duration::zero());
    CHECK(with.breakdown.total() == with.decode);
  }
}

TEST_CASE("published evidence crosses the link, retained evidence takes memory") {
  CHECK(verify::evidence_bytes({.bytes = 258_B, .every_tokens = 32}, 33, 2) == 1'032_B);
  CHECK(verify::evidence_bytes({.bytes = 100_B}, 33, 2) == 200_B);
  CHECK(verify::opened_tokens({.opened = 0}, 100) == 1);
  CHECK(verify::opened_tokens({.opened = .25}, 100) == 25);
  CHECK(verify::bisection_rounds(1) == 0);
  CHECK(verify::bisection_rounds(1024) == 10);
  CHECK(verify::bisection_rounds(1025) == 11);
  const std::string keep = "verification.scheme={extends: commitllm, evidence: {on_device: ";
  const Result host = outcome(shipped("scheme_commitllm", {keep + "false}}"}));
  const Result device = outcome(shipped("scheme_commitllm", {keep + "true}}"}));
  CHECK(host.memory.evidence == Bytes::raw(501 * 1024 * 256));
  CHECK(device.memory.total == host.memory.total + host.memory.evidence);
  CHECK(outcome(shipped("scheme_toploc")).verification.evidence == Bytes::raw(258 * 32));
}

TEST_CASE("a dispute takes one round trip a halving and one pass of recomputing") {
  const Result r = outcome(shipped("scheme_tao", {"verification.timing=pessimistic"}));
  CHECK(seconds(r.verification.spent[Category::ledger]) == Approx(10).epsilon(1e-3));
  const Result replay = outcome(
      shipped("scheme_tao", {"verification.timing=pessimistic",
                             "verification.scheme={extends: verillm, check: {prompt: true}}"}));
  // Halves of a pass: each reads its share of the weights, the last 1 / 1024 is the judge's.
  CHECK(seconds(r.verification.spent[Category::check]) ==
        Approx(seconds(replay.verification.spent[Category::check])).epsilon(.01));
}

TEST_CASE(
    "proofs of minutes hold generation at the verifier's pace, and the run says what would help") {
  const LoadedScenario loaded = shipped("scheme_zkllm_every32");
  const Result r = simulate(loaded.scenario);
  // Eight proofs by four workers: the second four start when the first four end.
  CHECK(seconds(r.total) > 1800);
  CHECK(r.verification.window_max <= 4);
  const auto said = [&](const char* text) {
    return std::any_of(r.warnings.begin(), r.warnings.end(),
                       [&](const std::string& w) { return w.find(text) != std::string::npos; });
  };
  CHECK(said("generation waits for verdicts"));
  CHECK(said("output is held"));
}

TEST_CASE("schemes that do not fit the timing are refused with what to write instead") {
  CHECK_THROWS_WITH(shipped("scheme_sigstore", {"verification.scheme=verillm"}),
                    Catch::Contains("take optimistic or pessimistic"));
  CHECK_THROWS_WITH(shipped("scheme_gpu_merkle", {"verification.hash=cpu_sha256"}),
                    Catch::Contains("give hash: gpu_tree"));
  CHECK_THROWS_WITH(shipped("scheme_posp", {"verification.timing=optimistic"}),
                    Catch::Contains("give timing: sampled_audit"));
  CHECK_THROWS_WITH(shipped("scheme_verillm", {"verification.scheme=verilm"}),
                    Catch::Contains("verillm"));
}

TEST_CASE(
    "noise rolls back pi (1 - (1 - p)^n) of the boundaries, and each mitigation its own share") {
  Scenario s = timed({.T = 1_ms, .p = 0, .tokens = 20'000, .k = 1});
  s.verification.payload = {.kind = {}, .bytes = Bytes::raw(2 * 4096)};
  s.faults.noise = recovery::Noise{.diverges = .2, .flip = 1e-3};
  const Result r = simulate(s);
  // 4096 codes of two bytes each: .2 * .983.
  const double p = verify::false_positive(.2, 1e-3, 4096);
  CHECK(p == Approx(.2 * .983).epsilon(1e-3));
  const auto attempts = static_cast<double>(r.verification.checks);
  CHECK(static_cast<double>(r.verification.false_positives) / attempts ==
        Approx(p).margin(5 * std::sqrt(p * (1 - p) / attempts)));
  CHECK(r.verification.failures == r.verification.false_positives);
  // p / (1 - p) rollbacks a committed boundary, since a retry draws anew.
  CHECK(static_cast<double>(r.recovery.rollbacks) / 20'000 == Approx(p / (1 - p)).epsilon(.05));

  s.verification.noise_mitigation.kind = verify::Mitigation::stored_bytes;
  CHECK(simulate(s).verification.false_positives == 0);
  s.verification.noise_mitigation = {.kind = verify::Mitigation::batch_invariant};
  const Result slow = simulate(s);
  CHECK(slow.verification.false_positives == 0);
  CHECK(seconds(slow.breakdown[Category::evidence]) ==
        Approx(.3435 * seconds(slow.breakdown[Category::assumed])).epsilon(1e-6));
}

TEST_CASE("noise that stays makes every retry fail, until the run aborts") {
  Scenario s = timed({.T = 1_ms, .tokens = 200, .k = 1});
  s.verification.payload = {.kind = {}, .bytes = Bytes::raw(2 * 4096)};
  s.faults.noise = recovery::Noise{.diverges = .1, .flip = .05, .systematic = true};
  s.recovery.retry_limit = 3;
  const Result r = simulate(s);
  CHECK(r.recovery.aborted);
  CHECK(r.verification.false_positives == 4);
}

TEST_CASE("noise is given as a flip probability, or as sigma over the quantiser's step") {
  Scenario s = timed({});
  s.verification.payload = {.kind = {}, .bytes = 8'192_B};
  s.faults.noise = recovery::Noise{.flip = .0399};
  const double given = noise(s, 1).flip;
  s.faults.noise = recovery::Noise{.sigma = .005, .scale = .1};
  CHECK(noise(s, 1).flip == Approx(given).epsilon(1e-3));
  CHECK(noise(s, 1).elements == 4'096);
  s.faults.noise->elements = 0;
  CHECK(noise(s, 1).mismatch == 0);
}
