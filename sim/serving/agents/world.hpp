#pragma once
// What all agents share: the machine, the batch, KV memory, the verifier, memories, the provenance
// graph, the world that effects reach, and the rollbacks that a failed verdict or a crash starts.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/timer.hpp"
#include "sim/des/trace.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/recovery/verdicts.hpp"
#include "sim/recovery/versions.hpp"
#include "sim/serving/agents/memory_index.hpp"
#include "sim/serving/agents/retention.hpp"
#include "sim/serving/agents/session.hpp"
#include "sim/serving/agents/statistics.hpp"
#include "sim/serving/agents/workload.hpp"
#include "sim/serving/anchor_cache.hpp"
#include "sim/serving/batch.hpp"
#include "sim/serving/requests/book.hpp"
#include "sim/serving/residency.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::serving {

class Agent;

// Everything an agents run needs of the machine and the scenario.
struct AgentsSetup {
  AgentsParams agents;
  std::optional<RequestsParams> serving;  // a stream of requests: each an agent of one step
  std::vector<Request> requests;
  std::int64_t pinned_blocks = 0;  // of cached anchors, that no request can have
  verify::VerificationParams verification;
  recovery::Faults faults;
  recovery::RecoveryParams recovery;
  std::uint64_t seed = 1;
  IterationTables iteration;
  std::int64_t prefill_chunk = 2048;
  Power busy;
  PoolParams pool;
  Bytes kv_per_token, anchors;
  Duration kernel_gap;  // of a check's kernels
  // What is checked of a boundary of so many tokens behind so many.
  std::function<void(verify::Check&, std::int64_t before, std::int64_t tokens)> plan;
  bool anchor_checked = false;  // a failed verdict condemns the prefix anchor, and all KV with it
};

class AgentsWorld {
 public:
  using Machine = verify::Verifier::Machine;
  AgentsWorld(Machine machine, const AgentsSetup& setup, recovery::AgentsRecord* record,
              recovery::Sabotage sabotage);
  ~AgentsWorld();

  void start();   // spawns every process
  void finish();  // books what is in flight now; call once, when the run is over
  const AgentsStatistics& statistics() const { return out; }
  // Why the run ended before its end; empty when it did not.
  const std::string& cannot() const { return cannot_; }
  std::int64_t blocks_held() const;  // distinct ones in any block table, and copies

  // Requests get their anchors from here; call before start().
  void use_anchors(AnchorCache& cache, std::int64_t per_request);
  des::Task<> prefill_anchor(std::int64_t tokens);

  // --- for agents ---
  recovery::Vertex make(recovery::Item item, std::int64_t agent, void* owner,
                        std::int64_t index = 0, const OpenEffect* effect = nullptr);
  void derive(recovery::Vertex from, recovery::Vertex to);
  void release(const AgentBoundary& boundary, std::int64_t tokens);  // to a request's reader
  void settle_now(recovery::Vertex v) { settle(provenance.settle(v)); }
  void note_read(recovery::Vertex from, recovery::Vertex by);
  void apply(OpenEffect& effect);
  void write(std::int64_t memory, Agent& agent);
  void send(Agent& from, std::int64_t to, std::int64_t tokens);
  void close(const AgentBoundaryPtr& boundary);  // hands it to the verification
  void exposed(std::int64_t tokens);             // more (or fewer) tokens wait for a verdict
  void finished(Agent& agent);
  // Over the link, beside everything else on it.
  des::Task<> move(hardware::pcie::Direction direction, Bytes bytes);
  bool keep_on_host(Bytes more);  // of host memory for copies; false when there is none left
  void drop_on_host(Bytes bytes);
  void no_room_for_copy(Bytes bytes);
  void room_freed();
  // First come first served: who gets room wakes the next, and who gives up waiting must as well.
  void wait_for_room(Agent& agent, bool again);
  void waits_no_more(Agent& agent);
  void end_with(const std::string& why);  // what must be kept does not fit
  // Anchors are numbered: a revoked one is replaced by the first agent that knows.
  std::int64_t anchor() const { return static_cast<std::int64_t>(revoked_at_.size()); }
  void replace_anchor(std::int64_t known);
  des::Process replay(std::int64_t tokens, std::int64_t before);  // recompute, to compare
  void wait_for(std::int64_t memory, Agent& agent) { readers_[memory].push_back(&agent); }
  bool exposes() const {  // others may read what is not verified
    return setup.recovery.visibility == recovery::Visibility::read_uncommitted ||
           setup.recovery.visibility == recovery::Visibility::quarantine;
  }
  // Tokens wait for their verdict before anybody sees them.
  bool holds_output() const;
  double mean_time_to_failure() const;  // of generation, from the verdicts so far, ps

  des::Engine& engine;
  Machine machine;
  const AgentsSetup& setup;
  AgentsWorkload workload;
  Batch batch;
  BlockPool pool;
  Residency residency;
  recovery::MemoryStore memories;
  recovery::Provenance provenance;
  recovery::EffectLedger effects;
  recovery::VerdictSource verdicts;
  verify::Verifier verifier;
  MemoryIndex memory_index;
  Retention retention;
  AnchorCache* anchors = nullptr;
  std::int64_t anchors_per_request = 0;
  des::Gate place_released;
  std::optional<RequestBook> book;  // of requests
  AgentsStatistics out;
  recovery::AgentsRecord* record;
  recovery::Sabotage sabotage;

  // Trace of the first agents: others only count. Null without a sink.
  des::TraceSink* traced(const Agent& agent) const;
  std::uint64_t next_flow = 1;
  Agent& agent(std::int64_t i) { return *agents_[static_cast<std::size_t>(i)]; }

 private:
  using Member = recovery::Provenance::Member;
  struct Undo;

  des::Process check(AgentBoundaryPtr boundary);
  void hear(AgentBoundary& boundary);
  bool revoked(const AgentBoundary& boundary) const;
  void judge(AgentBoundary& boundary);
  void passed(AgentBoundary& boundary);
  void settle(const std::vector<Member>& settled);
  void commit(AgentBoundary& boundary);
  void release_tokens(const AgentBoundary& boundary, Time at);
  void fail(AgentBoundary& boundary);
  void accept(AgentBoundary& boundary);
  std::vector<Member> doomed(AgentBoundary& root, const std::vector<Member>& all);
  void count_orphans(const std::vector<Member>& all, const std::vector<Member>& doomed);
  enum class Cause { verdict, crash };
  void undo(AgentBoundary& root, std::vector<Member> members, Cause cause = Cause::verdict);
  void let_go(AgentBoundary& boundary);
  des::Process crashes();
  bool lose_device();
  void undo_member(const Member& m, Undo& undo);
  void compensate_only(AgentBoundary& boundary);
  des::Process repair(std::shared_ptr<Undo> undo);
  void note(recovery::AgentsRecord::What what, std::uint64_t serial, std::uint64_t by = 0);
  void wake_readers(std::int64_t memory);
  void note_exposure();
  void draw_counters();

  std::vector<std::unique_ptr<Agent>> agents_;
  std::unordered_map<std::int64_t, std::vector<Agent*>> readers_;  // strict: who waits
  std::unordered_map<OpenEffect*, EffectPtr> outbox_;
  std::deque<Agent*> throttled_;
  std::vector<Time> revoked_at_;  // of the anchors before the one in use
  des::Timer crash_timer_;
  RandomStream crashes_;
  std::int64_t crashes_in_a_row_ = 0, ended_ = 0;
  Bytes host_copies_;
  std::string cannot_;
  std::uint64_t rollback_ = 0;
  Time exposed_since_;
  bool sabotaged_ = false;  // planted once
};

}  // namespace fieldsim::serving
