#include "tests/property/agents/laws.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "sim/des/engine.hpp"
#include "sim/report/json.hpp"
#include "sim/system/agents/run.hpp"
#include "tests/property/agents/watch.hpp"

namespace fieldsim::test {

using recovery::AgentsRecord;
using recovery::EffectClass;
using recovery::Item;
using recovery::Sabotage;
using system::AgentsResult;
using system::Result;
using system::Scenario;
using What = AgentsRecord::What;

namespace {

class Laws {
 public:
  Laws(const Scenario& s, const Result& r, const AgentsRecord& record, std::vector<std::string>& to)
      : s_(s), r_(r), a_(*r.agents), record_(record), broken_(to) {}

  void check() {
    conservation();
    ends();
    horizon();
    told();
    if (quiet()) nothing_happens();
    kept();
  }

 private:
  void law(bool holds, const std::string& text) {
    if (!holds) broken_.push_back(text);
  }
  void same(const char* invariant, const char* what, std::int64_t result, std::int64_t record) {
    if (result != record)
      broken_.push_back(
          fmt::format("{}: the result has {} {}, the record {}", invariant, result, what, record));
  }

  void conservation() {
    const auto balance = [&](const char* unit, const system::Conserved& c) {
      law(c.generated == c.committed + c.discarded + c.in_flight,
          fmt::format("I7: {} {} generated, {} committed + {} discarded + {} in flight",
                      c.generated, unit, c.committed, c.discarded, c.in_flight));
      law(c.committed >= 0 && c.discarded >= 0 && c.in_flight >= 0,
          fmt::format("I7: negative {}: {} committed, {} discarded, {} in flight", unit,
                      c.committed, c.discarded, c.in_flight));
    };
    balance("tokens", a_.tokens);
    balance("bytes", a_.bytes);
    balance("nJ", a_.nanojoules);
    law(r_.recovery.discarded_tokens == a_.tokens.discarded, "I7: two counts of discarded tokens");
  }

  // Without a given end everybody finishes or gives up, and leaves nothing behind.
  void ends() {
    if (s_.workload.agents->duration) return;
    law(a_.finished + a_.aborted == a_.agents,
        fmt::format("I11: {} of {} agents finished, {} gave up", a_.finished, a_.agents,
                    a_.aborted));
    law(a_.aborted > 0 || a_.tokens.in_flight == 0, "I7: tokens in flight behind the end");
    law(record_.blocks_used == 0,
        fmt::format("I8: {} KV blocks are in use after everybody has left", record_.blocks_used));
    if (s_.recovery.retry.exhausted == recovery::Exhausted::tolerate && !s_.faults.device_crash)
      law(a_.aborted == 0, "I11: an agent gave up under `tolerate`");
    if (s_.faults.verdict_failure == 1.0 && certain()) gives_up();
  }

  // Every verdict fails. Where verdicts come one at a time and concern one agent, each agent gives
  // up with the first one beyond its retries, or with the next if it stops and waits before that.
  void gives_up() {
    law(a_.aborted == a_.agents,
        fmt::format("I11: every verdict fails and {} of {} agents gave up", a_.aborted, a_.agents));
    using recovery::Visibility;
    if (s_.verification.timing != verify::Timing::pessimistic ||
        s_.recovery.visibility == Visibility::read_uncommitted ||
        s_.recovery.visibility == Visibility::quarantine)
      return;
    const bool degrades = s_.recovery.retry.exhausted == recovery::Exhausted::pessimistic;
    const std::int64_t attempts = s_.recovery.retry_limit + (degrades ? 2 : 1);
    law(r_.verification.failures == a_.agents * attempts,
        fmt::format("I11: {} agents with {} attempts each have {} failed verdicts", a_.agents,
                    attempts, r_.verification.failures));
  }

  // All verdicts are given, they fail, and no policy lets anything pass.
  bool certain() const {
    using verify::Timing;
    const Timing t = s_.verification.timing;
    return (t == Timing::pessimistic || t == Timing::optimistic || t == Timing::on_load) &&
           s_.recovery.rollback != recovery::Rollback::compensate_only && !s_.faults.device_crash &&
           s_.recovery.retry.exhausted != recovery::Exhausted::tolerate;
  }

  // Time never goes back, and nothing commits before what it derives from.
  void horizon() {
    Time last;
    std::unordered_map<std::uint64_t, What> fate;
    for (const auto& e : record_.events) {
      law(e.at >= last, "time: the record goes back");
      last = std::max(last, e.at);
      if (e.what != What::settled && e.what != What::discarded) continue;
      law(fate.emplace(e.serial, e.what).second, "I3: one thing is committed or undone twice");
      if (e.what != What::settled) continue;
      for (const std::uint64_t source : record_.made[e.serial - 1].from)
        law(fate.count(source) > 0,
            fmt::format("I3: #{} commits before #{}, from which it derives", e.serial, source));
    }
  }

  // The result tells what the record shows.
  void told() {
    std::int64_t settled = 0, compensated = 0, tombstones = 0;
    std::int64_t applied[recovery::kEffectClasses] = {}, escaped[recovery::kEffectClasses] = {};
    for (const auto& e : record_.events) {
      const auto& made = record_.made[e.serial - 1];
      const auto kind = static_cast<std::size_t>(made.kind);
      if (e.what == What::settled && made.item == Item::tokens) ++settled;
      if (e.what == What::discarded && made.item == Item::memory) ++tombstones;
      if (e.what == What::compensated) ++compensated;
      if (e.what == What::applied) ++applied[kind];
      if (e.what == What::escaped) ++escaped[kind];
    }
    same("I7", "committed boundaries", r_.verification.boundaries, settled);
    same("I9", "tombstones", a_.tombstones, tombstones);
    same("I6", "compensations", a_.compensations, compensated);
    same("I5", "read-only effects", a_.effects_read_only, applied[0]);
    same("I5", "compensatable effects", a_.effects_compensatable, applied[1]);
    same("I5", "irreversible effects", a_.effects_irreversible, applied[2]);
    same("I1", "escaped compensatable effects", a_.escaped_compensatable, escaped[1]);
    same("I1", "escaped irreversible effects", a_.escaped_irreversible, escaped[2]);
  }

  // What is kept of KV stays within its limit where generation throttles.
  void kept() {
    const auto& limit = s_.recovery.retained.limit;
    const verify::Timing t = s_.verification.timing;
    if (!limit || t == verify::Timing::none || t == verify::Timing::attested_tee ||
        s_.recovery.checkpoint == recovery::Checkpoint::recompute)
      return;
    constexpr std::int64_t kKvPerToken = 131'072;
    law(r_.verification.exposure_max * kKvPerToken <= limit->count(),
        fmt::format("retained: {} unverified tokens do not fit into {} B",
                    r_.verification.exposure_max, limit->count()));
  }

  bool quiet() const {
    const auto& f = s_.faults;
    return f.verdict_failure == 0 && f.token_flip.probability == 0 && !f.bit_flips &&
           !f.tampering && !f.time_of_use && !f.noise && !f.device_crash &&
           !f.ledger.revoked_every && !f.ledger.partition_every && f.ledger.equivocation == 0 &&
           !f.verifier_crash;  // a check that crashes again and again is a failed one
  }
  void nothing_happens() {
    law(r_.recovery.rollbacks == 0 && a_.tokens.discarded == 0 && a_.aborted == 0 &&
            a_.compensations == 0,
        fmt::format("nothing fails, and {} rollbacks discard {} tokens", r_.recovery.rollbacks,
                    a_.tokens.discarded));
  }

  const Scenario& s_;
  const Result& r_;
  const AgentsResult& a_;
  const AgentsRecord& record_;
  std::vector<std::string>& broken_;
};

}  // namespace

std::vector<std::string> broken_laws(const system::LoadedScenario& loaded, Sabotage sabotage) {
  if (!loaded.scenario.workload.agents) throw ConfigError({}, "workload", "no agents");
  const Scenario& s = loaded.scenario;
  AgentsRecord record;
  constexpr std::int64_t kMostShown = 2'000'000;
  Watch watch(kMostShown);
  Result first;
  try {
    first = system::simulate_agents(s, &watch, &record, sabotage);
  } catch (const des::ProcessError& e) {
    const std::string text = e.what();
    const auto law = text.find("I11:");
    return {law == std::string::npos ? "error: " + text : text.substr(law)};
  }
  std::vector<std::string> broken = recovery::violations(record);
  if (watch.time_goes_back) broken.emplace_back("time: what is shown goes back");
  Laws(s, first, record, broken).check();
  if (sabotage != Sabotage::none) return broken;
  // The same run again, unobserved.
  const Result second = system::simulate_agents(s);
  if (second.simulation.fingerprint != first.simulation.fingerprint)
    broken.emplace_back("determinism: the second run has other events");
  if (report::text(report::result_json(loaded, first, false)) !=
      report::text(report::result_json(loaded, second, false)))
    broken.emplace_back("determinism: the second run has another result");
  return broken;
}

}  // namespace fieldsim::test
