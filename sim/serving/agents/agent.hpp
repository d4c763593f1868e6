#pragma once
// One agent: a coroutine that walks through its steps, with a log of the boundaries that are not
// verified. A rollback interrupts it wherever it waits and puts it back to where the oldest undone
// boundary began.
#include <deque>
#include <map>

#include "sim/des/process.hpp"
#include "sim/des/timer.hpp"
#include "sim/serving/agents/session.hpp"
#include "sim/serving/agents/world.hpp"

namespace fieldsim::serving {

class Agent {
 public:
  Agent(AgentsWorld& world, std::int64_t id, Time arrives);

  des::Process run();

  // --- for the world ---
  std::int64_t id() const { return id_; }
  std::deque<AgentBoundaryPtr>& log() { return log_; }
  const Position& position() const { return position_; }
  void wake() { tenant_.woken.open(); }
  struct WayBack {
    Position to;
    std::int64_t index = 0;   // of its next boundary
    bool whole = false;       // nothing of its cache holds
    bool persistent = false;  // it fails again from the same copy of the anchor
    bool retries = false;     // after a failed verdict, which may have to wait
  };
  void take_back(WayBack way);  // a rollback is under way
  void repaired();              // its compensations are done
  void stop();                  // its retries are used up
  void abandon();               // at once: the device does not come up again
  void lose_cache();            // the device crashed
  void loses_anchor(std::int64_t which) { revoked_ = revoked_ || which == anchor_; }
  void takes_anchor();  // another one, where its own was revoked
  void go_pessimistic() { pessimistic_ = true; }
  bool pessimistic() const { return pessimistic_; }
  std::int64_t count_failure(const recovery::Place& place);
  std::int64_t failures(const recovery::Place& place) const;
  void forget(const recovery::Place& place);
  void put_back(MessagePtr message) { inbox_.push_front(std::move(message)); }
  void deliver(MessagePtr message) { inbox_.push_back(std::move(message)); }
  void withdraw(const Message* message);
  Duration anchored(Time now) const { return now - anchored_; }
  std::int64_t replicas() const { return replicas_; }
  bool stopped() const { return stopped_; }
  // Of the stretch that runs now: tokens and energy so far, and whether they are lost already.
  Amount running() const;
  bool interrupted() const { return interrupted_; }
  AgentBoundaryPtr open_boundary() const;
  des::TrackId track, verdict_track, activity_track;

 private:
  friend class AgentsWorld;
  des::Task<> begin();
  des::Task<> wait_for_readable();
  void read();
  void take_messages(AgentBoundary& boundary);
  des::Task<> decode();
  des::Task<bool> take_place(std::int64_t target);
  des::Task<bool> take_anchors();
  des::Task<bool> grow(std::int64_t tokens);
  std::int64_t lease() const;  // tokens until a request must ask for its next block
  des::Task<> give_way();
  void account(const Stretch& stretch);
  std::int64_t until_close(const AgentBoundary& boundary) const;
  des::Task<> write();
  des::Task<> tool();
  des::Task<> think();
  des::Task<> call(EffectPtr effect);
  des::Task<> pause();
  des::Task<> leave_place(PausedKv kv);
  des::Task<> sleep(Duration d);
  des::Task<> ensure_boundary();
  void open_new();
  des::Task<> close();
  des::Task<> checkpoint(AgentBoundary& boundary);
  des::Task<> claim_room();  // for a token and, where none is open, a boundary
  bool claimed() const { return claim_ > 0 || !w_.retention.throttles(); }
  void release_claim();
  des::Task<> restore();  // what the host keeps of the cache, after a crash
  void cut_copy(std::int64_t tokens);
  des::Task<> settled_wait();  // until nothing it derives from is unverified
  des::Task<> recover();
  void interrupt();
  des::Task<> drain();
  void compact();
  bool done() const;
  recovery::Vertex newest() const;  // boundary that what is made now derives from
  void draw_boundary(AgentBoundary& boundary);
  void doing(Activity activity);  // from now on; before every wait

  AgentsWorld& w_;
  std::int64_t id_;
  Time arrives_;
  Tenant tenant_;
  des::Timer timer_;
  Position position_;
  std::deque<AgentBoundaryPtr> log_;
  std::deque<MessagePtr> inbox_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> failures_;
  Stretch* running_ = nullptr;
  std::int64_t next_index_ = 0;
  std::int64_t repairs_ = 0;  // rollbacks of this agent whose compensations go on
  bool interrupted_ = false, whole_ = false, refetch_ = false, stopped_ = false;
  bool pessimistic_ = false, ended_ = false;
  std::int64_t computed_ = 0;  // tokens of the context whose KV was computed once
  std::int64_t retry_ = 0;     // of the boundary that it was put back to
  Time anchored_, undone_at_;
  Activity activity_ = Activity::absent;
  Time active_since_;
  std::int64_t replicas_ = 0;
  std::int64_t anchor_ = 0;     // the one that its cache begins with
  bool revoked_ = false;        // and it knows that this one is
  std::int64_t host_copy_ = 0;  // tokens of the context whose KV lies on the host (full_copy_host)
  bool restores_ = false;
  std::int64_t claim_ = 0;  // tokens that may be kept unverified
  Bytes ahead_;             // of a boundary that is not open yet, claimed with them
};

}  // namespace fieldsim::serving
