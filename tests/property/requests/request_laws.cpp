#include "tests/property/requests/request_laws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/des/engine.hpp"
#include "sim/report/json.hpp"
#include "sim/serving/requests/stream.hpp"
#include "sim/system/requests/run.hpp"
#include "tests/property/agents/watch.hpp"
#include "tests/property/requests/random_requests.hpp"

namespace fieldsim::test {

using recovery::AgentsRecord;
using system::LoadedScenario;
using system::RequestsResult;
using system::Result;
using system::Scenario;
using What = AgentsRecord::What;

namespace {

// The most KV blocks that were in use at any moment.
class BlockWatch : public Watch {
 public:
  using Watch::Watch;
  double most = 0;
  void counter(std::string_view name, Time t, double value) override {
    if (name == "KV blocks in use") most = std::max(most, value);
    Watch::counter(name, t, value);
  }
};

class Laws {
 public:
  Laws(const Scenario& s, const Result& r, const AgentsRecord& record, std::vector<std::string>& to)
      : s_(s),
        r_(r),
        q_(*r.requests),
        record_(record),
        stream_(serving::request_stream(*s.workload.requests, s.workload.traced, s.seed)),
        broken_(to) {}

  void check(double most_blocks) {
    books();
    memory(most_blocks);
    fates();
    released();
    ends();
    if (quiet()) nothing_happens();
  }

 private:
  void law(bool holds, const std::string& text) {
    if (!holds) broken_.push_back(text);
  }

  void books() {
    law(q_.arrived == q_.completed + q_.in_flight + q_.refused + q_.given_up,
        fmt::format("books: {} arrived, {} completed + {} in flight + {} refused + {} given up",
                    q_.arrived, q_.completed, q_.in_flight, q_.refused, q_.given_up));
    law(q_.good <= q_.completed && q_.preempted <= q_.preemptions, "books: more than all");
    const auto balance = [&](const char* unit, const AgentsRecord::Conservation& c) {
      law(c.generated == c.committed + c.discarded + c.in_flight && c.committed >= 0 &&
              c.discarded >= 0 && c.in_flight >= 0,
          fmt::format("I7: {} {} generated, {} committed + {} discarded + {} in flight",
                      c.generated, unit, c.committed, c.discarded, c.in_flight));
    };
    balance("tokens", record_.tokens);
    balance("bytes", record_.bytes);
    balance("nJ", record_.nanojoules);
    law(q_.tokens.generated == record_.tokens.generated &&
            q_.tokens.discarded == r_.recovery.discarded_tokens,
        "I7: two counts of tokens");
    law(q_.retracted_tokens >= 0 && q_.retracted_tokens <= q_.tokens.discarded,
        fmt::format("I7: {} tokens retracted, {} discarded", q_.retracted_tokens,
                    q_.tokens.discarded));
  }

  void memory(double most_blocks) {
    law(q_.blocks_at_end == q_.blocks_held_at_end,
        fmt::format("I8: {} KV blocks in use at the end, {} held", q_.blocks_at_end,
                    q_.blocks_held_at_end));
    law(q_.blocks_max <= q_.blocks && most_blocks <= static_cast<double>(q_.blocks),
        fmt::format("memory: {} KV blocks in use of {}", q_.blocks_max, q_.blocks));
    law(q_.running_max <= s_.workload.requests->max_running,
        fmt::format("memory: {} run in {} places", q_.running_max,
                    s_.workload.requests->max_running));
    law(s_.workload.requests->preemption == serving::Preemption::swap ||
            q_.swapped_out == Bytes::zero(),
        "memory: somebody is swapped who recomputes");
    law(q_.swapped_in <= q_.swapped_out, "memory: more comes back from the host than went there");
    // One request alone has nobody to make way for, but its own copies.
    law(q_.arrived > 1 || q_.preemptions == 0 ||
            s_.recovery.checkpoint == recovery::Checkpoint::full_copy_device,
        "memory: a request makes way for itself");
  }

  // Each boundary is committed or undone, once; time does not go back.
  void fates() {
    Time last;
    std::map<std::uint64_t, What> fate;
    for (const auto& e : record_.events) {
      law(e.at >= last, "time: the record goes back");
      last = std::max(last, e.at);
      if (e.what == What::settled || e.what == What::discarded)
        law(fate.emplace(e.serial, e.what).second, "I3: one thing is committed or undone twice");
    }
  }

  // A reader gets no more than was made, and where output is held exactly what is committed.
  void released() {
    std::int64_t all = 0;
    std::map<std::int64_t, std::int64_t> of;  // by request
    for (const auto& e : record_.events) {
      if (e.what != What::released) continue;
      all += static_cast<std::int64_t>(e.by);
      of[record_.made[e.serial - 1].agent] += static_cast<std::int64_t>(e.by);
    }
    law(all <= q_.tokens.generated,
        fmt::format("released: {} tokens of {} generated", all, q_.tokens.generated));
    const bool held = record_.verdicts && recovery::holds_tokens(s_.recovery.output_commit);
    if (!held) return;
    law(all == q_.tokens.committed,
        fmt::format("released: {} held tokens, {} committed", all, q_.tokens.committed));
    law(q_.retracted_tokens == 0, "released: held tokens are retracted");
    for (const auto& [id, tokens] : of) {
      const std::int64_t asked = stream_[static_cast<std::size_t>(id)].output;
      law(tokens <= asked,
          fmt::format("released: {} tokens of request {}, which asks for {}", tokens, id, asked));
    }
  }

  // Without a given end every request finishes, gives up or never fitted.
  void ends() {
    law(q_.arrived <= static_cast<std::int64_t>(stream_.size()), "books: more arrive than come");
    if (s_.workload.requests->duration) return;
    law(q_.arrived == static_cast<std::int64_t>(stream_.size()) && q_.in_flight == 0,
        fmt::format("I11: of {} requests {} arrived, {} are in flight at the end", stream_.size(),
                    q_.arrived, q_.in_flight));
    law(q_.given_up > 0 || q_.tokens.in_flight == 0, "I7: tokens in flight behind the end");
    law(s_.anchors || q_.blocks_at_end == 0,
        fmt::format("I8: {} KV blocks are in use after everybody has left", q_.blocks_at_end));
    if (q_.given_up > 0) return;
    std::int64_t asked = 0;
    for (const auto& r : stream_)
      if (fits(r)) asked += r.output;
    law(q_.tokens.committed == asked,
        fmt::format("I11: {} tokens asked for, {} committed", asked, q_.tokens.committed));
  }
  bool fits(const serving::Request& r) const {
    const std::int64_t page = s_.attention.page_tokens;
    return (r.prompt + r.output + page - 1) / page <= q_.blocks - pinned();
  }
  std::int64_t pinned() const {
    if (!s_.anchors) return 0;
    const std::int64_t page = s_.attention.page_tokens;
    const std::int64_t one =
        (s_.attention.anchor_tokens / s_.anchors->per_request + page - 1) / page;
    return one * (s_.anchors->pinned ? s_.anchors->count : s_.anchors->per_request);
  }

  bool quiet() const {
    const auto& f = s_.faults;
    return f.verdict_failure == 0 && f.token_flip.probability == 0 && !f.bit_flips &&
           !f.tampering && !f.time_of_use && !f.noise && !f.ledger.revoked_every &&
           !f.ledger.partition_every && f.ledger.equivocation == 0 && !f.verifier_crash;
  }
  void nothing_happens() {
    law(r_.recovery.rollbacks == 0 && q_.tokens.discarded == 0 && q_.retracted_tokens == 0 &&
            q_.given_up == 0,
        fmt::format("quiet: nothing fails, and {} rollbacks discard {} tokens, {} give up",
                    r_.recovery.rollbacks, q_.tokens.discarded, q_.given_up));
  }

  const Scenario& s_;
  const Result& r_;
  const RequestsResult& q_;
  const AgentsRecord& record_;
  const std::vector<serving::Request> stream_;
  std::vector<std::string>& broken_;
};

std::vector<std::string> broken(const LoadedScenario& loaded, Sabotage sabotage) {
  const Scenario& s = loaded.scenario;
  if (!s.workload.requests) throw ConfigError({}, "workload", "no requests");
  AgentsRecord record;
  constexpr std::int64_t kMostShown = 1'000'000;
  BlockWatch watch(kMostShown);
  Result first;
  try {
    first = system::simulate_requests(s, &watch, &record, sabotage);
  } catch (const ConfigError&) {
    return {};  // nothing arrives or fits, or what must be kept does not: said at once, and no run
  } catch (const des::ProcessError& e) {
    const std::string text = e.what();
    const auto law = text.find("I11:");
    return {law == std::string::npos ? "error: " + text : text.substr(law)};
  }
  std::vector<std::string> found = recovery::violations(record);
  if (watch.time_goes_back) found.emplace_back("time: what is shown goes back");
  Laws(s, first, record, found).check(watch.most);
  if (sabotage != Sabotage::none) return found;
  const Result second = system::simulate_requests(s);  // unobserved
  if (second.simulation.fingerprint != first.simulation.fingerprint)
    found.emplace_back("determinism: the second run has other events");
  if (report::text(report::result_json(loaded, first, false)) !=
      report::text(report::result_json(loaded, second, false)))
    found.emplace_back("determinism: the second run has another result");
  return found;
}

}  // namespace

const Family& requests() {
  static const Family family{random_requests, broken};
  return family;
}

}  // namespace fieldsim::test
