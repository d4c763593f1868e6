#pragma once
// Who derives from whom: a directed graph of everything whose verdict is not settled yet. Edges
// point from a source to what derives from it; contamination is reachability, and the closure of a
// failed boundary is what a cascading abort undoes (least fixed point of derived_from).
//
// A vertex is settled when it is verified itself and all it derives from is settled: no rollback
// reaches it any more. Settled vertices are collected at once (fossil collection below the commit
// horizon), so the graph holds the unsettled frontier only. The horizon, the oldest unsettled
// serial, never goes back (I3): Jefferson, "Virtual Time", TOPLAS 1985.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/base/units.hpp"

namespace fieldsim::recovery {

enum class Item : std::uint8_t { tokens, memory, message, effect, tool_result };
inline constexpr std::size_t kItems = 5;

// What keeping it costs: a vertex with two adjacency lists, an edge in both of them, and a list
// insertion with a cache miss on the host. Assumed; docs/agents.md says why.
inline constexpr Bytes kVertexBytes = Bytes::raw(96);
inline constexpr Bytes kEdgeBytes = Bytes::raw(32);
inline constexpr Duration kEdgeTime = Duration::raw(100'000);  // 100 ns

// A vertex, or nothing: settled, discarded or never made. Slots are reused, serials are not.
struct Vertex {
  std::uint32_t slot = UINT32_MAX;
  std::uint64_t serial = 0;
  friend bool operator==(const Vertex&, const Vertex&) = default;
};

class Provenance {
 public:
  struct Member {
    Vertex vertex;
    Item item = Item::tokens;
    std::int64_t agent = 0;
    void* owner = nullptr;
    std::int64_t depth = 0;  // in a closure: edges between agents on the way from the root
  };
  // Whether contamination passes from one member to another agent's.
  using Follow = std::function<bool(const Member& from, const Member& to)>;

  Provenance();
  ~Provenance();
  Provenance(const Provenance&) = delete;
  Provenance& operator=(const Provenance&) = delete;

  // Items other than tokens are as good as what they derive from: verified from the start.
  Vertex add(Item item, std::int64_t agent, void* owner);
  // No edge when the source is settled: nothing can come of it. REQUIRES: `to` is live.
  void derive(Vertex from, Vertex to);
  bool live(Vertex v) const;
  bool derives(Vertex v) const;  // from something that is not settled; false when not live

  // The vertex's own verdict is good. Returns all that is settled by it, sources first; they are
  // no longer live. `settle` asks the same for items that derive from nothing unsettled.
  std::vector<Member> verify(Vertex v);
  std::vector<Member> settle(Vertex v);

  // Everything reachable, the root first, each once, breadth first. Crossings to another agent are
  // subject to `follow`; without one all are followed.
  std::vector<Member> closure(Vertex root, const Follow& follow = nullptr) const;

  // Takes vertices out, all at once. What derives from them and stays behind is an orphan and no
  // longer waits for them; returns what that settles.
  std::vector<Member> discard(const std::vector<Vertex>& doomed);

  std::uint64_t horizon() const;  // oldest live serial; the next one when nothing is live
  std::uint64_t next_serial() const;
  std::int64_t vertices() const;
  std::int64_t edges() const;
  std::int64_t edges_made() const;
  Bytes bytes() const { return kVertexBytes * vertices() + kEdgeBytes * edges(); }
  Bytes peak() const;

 private:
  struct Graph;
  std::unique_ptr<Graph> g_;
};

}  // namespace fieldsim::recovery
