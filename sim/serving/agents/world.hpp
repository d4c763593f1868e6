#pragma once
// What all agents share: the batch, KV memory, the verifier, memories, the provenance graph, the
// world that effects reach, and the rollbacks that a failed verdict starts.
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/server.hpp"
#include "sim/des/trace.hpp"
#include "sim/recovery/invariants.hpp"
#include "sim/recovery/verdicts.hpp"
#include "sim/recovery/versions.hpp"
#include "sim/serving/agents/session.hpp"
#include "sim/serving/agents/statistics.hpp"
#include "sim/serving/agents/workload.hpp"
#include "sim/serving/batch.hpp"
#include "sim/serving/residency.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::serving {

class Agent;

// Everything an agents run needs of the machine and the scenario.
struct AgentsSetup {
  AgentsParams agents;
  verify::VerificationParams verification;
  recovery::Faults faults;
  recovery::RecoveryParams recovery;
  std::uint64_t seed = 1;
  IterationTables iteration;
  std::int64_t prefill_chunk = 2048;
  Power busy;
  PoolParams pool;
  Bytes kv_per_token, anchors;
  BytesPerSecond to_host, to_device, device_memory;
  std::function<Bytes(std::int64_t)> payload;      // of a boundary of so many tokens
  std::function<Duration(std::int64_t)> checking;  // time of one worker for it
  Duration compare;                                // a digest against the verified one
  bool anchor_checked = false;  // a failed verdict condemns the prefix anchor, and all KV with it
};

class AgentsWorld {
 public:
  AgentsWorld(des::Engine& engine, const AgentsSetup& setup, recovery::AgentsRecord* record,
              recovery::Sabotage sabotage);
  ~AgentsWorld();

  void start();   // spawns every process
  void finish();  // books what is in flight now; call once, when the run is over
  const AgentsStatistics& statistics() const { return out; }

  // --- for agents ---
  recovery::Vertex make(recovery::Item item, std::int64_t agent, void* owner,
                        std::int64_t index = 0, const OpenEffect* effect = nullptr);
  void derive(recovery::Vertex from, recovery::Vertex to);
  void settle_now(recovery::Vertex v) { settle(provenance.settle(v)); }
  void note_read(recovery::Vertex from, recovery::Vertex by);
  void apply(OpenEffect& effect);
  void write(std::int64_t memory, Agent& agent);
  void send(Agent& from, std::int64_t to, std::int64_t tokens);
  void close(const AgentBoundaryPtr& boundary);  // hands it to the verification
  void exposed(std::int64_t tokens);             // more (or fewer) tokens wait for a verdict
  void finished(Agent& agent);
  des::Process replay(std::int64_t tokens, std::int64_t before);  // recompute, to compare
  void wait_for(std::int64_t memory, Agent& agent) { readers_[memory].push_back(&agent); }
  bool exposes() const {  // others may read what is not verified
    return setup.recovery.visibility == recovery::Visibility::read_uncommitted ||
           setup.recovery.visibility == recovery::Visibility::quarantine;
  }
  double mean_time_to_failure() const;  // of generation, from the verdicts so far, ps

  des::Engine& engine;
  const AgentsSetup& setup;
  AgentsWorkload workload;
  Batch batch;
  BlockPool pool;
  Residency residency;
  recovery::MemoryStore memories;
  recovery::Provenance provenance;
  recovery::EffectLedger effects;
  recovery::VerdictSource verdicts;
  des::Server verifier, link;
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
  void judge(AgentBoundary& boundary);
  void passed(AgentBoundary& boundary);
  void settle(const std::vector<Member>& settled);
  void commit(AgentBoundary& boundary);
  void release_tokens(const AgentBoundary& boundary, Time at);
  void fail(AgentBoundary& boundary);
  void accept(AgentBoundary& boundary);
  std::vector<Member> doomed(AgentBoundary& root, const std::vector<Member>& all);
  void count_orphans(const std::vector<Member>& all, const std::vector<Member>& doomed);
  void undo(AgentBoundary& root, std::vector<Member> members);
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
  std::uint64_t rollback_ = 0;
  std::int64_t exposed_ = 0;
  Time exposed_since_;
  bool sabotaged_ = false;  // planted once
};

}  // namespace fieldsim::serving
