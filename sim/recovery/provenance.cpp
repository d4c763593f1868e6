#include "sim/recovery/provenance.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <deque>
#include <set>

#include "sim/base/error.hpp"

namespace fieldsim::recovery {

namespace {
struct Node {
  std::uint64_t serial = 0;
  void* owner = nullptr;
  std::int64_t agent = 0;
  std::int64_t waits = 0;  // live sources
  Item item = Item::tokens;
  bool live = false;
  bool verified = false;
  mutable std::uint64_t seen = 0;  // number of the last closure that reached it
};
using List = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node>;
}  // namespace

// Vertices are never removed from the list but cleared and used again: descriptors stay valid.
struct Provenance::Graph {
  List list;
  std::vector<std::uint32_t> spare;
  std::set<std::uint64_t> serials;  // of live vertices
  std::uint64_t next = 1;
  mutable std::uint64_t closures = 0;
  std::int64_t edges = 0, edges_made = 0;
  Bytes peak;

  Member member(std::uint32_t slot) const {
    const Node& n = list[slot];
    return {{slot, n.serial}, n.item, n.agent, n.owner, 0};
  }
  // Clears a vertex and tells its heirs, in the order in which the edges were made.
  void remove(std::uint32_t slot, std::deque<std::uint32_t>& ready) {
    Node& n = list[slot];
    const auto [begin, end] = boost::out_edges(slot, list);
    for (auto e = begin; e != end; ++e) {
      const auto heir = static_cast<std::uint32_t>(boost::target(*e, list));
      if (--list[heir].waits == 0 && list[heir].verified) ready.push_back(heir);
    }
    edges -=
        static_cast<std::int64_t>(boost::out_degree(slot, list) + boost::in_degree(slot, list));
    boost::clear_vertex(slot, list);
    n.live = false;
    serials.erase(n.serial);
    spare.push_back(slot);
  }
  std::vector<Member> settle_all(std::deque<std::uint32_t> ready) {
    std::vector<Member> settled;
    while (!ready.empty()) {
      const std::uint32_t slot = ready.front();
      ready.pop_front();
      settled.push_back(member(slot));
      remove(slot, ready);
    }
    return settled;
  }
};

Provenance::Provenance() : g_(std::make_unique<Graph>()) {}
Provenance::~Provenance() = default;

bool Provenance::live(Vertex v) const {
  return v.slot < boost::num_vertices(g_->list) && g_->list[v.slot].live &&
         g_->list[v.slot].serial == v.serial;
}

bool Provenance::derives(Vertex v) const { return live(v) && g_->list[v.slot].waits > 0; }

Vertex Provenance::add(Item item, std::int64_t agent, void* owner) {
  std::uint32_t slot = 0;
  if (g_->spare.empty()) {
    slot = static_cast<std::uint32_t>(boost::add_vertex(g_->list));
  } else {
    slot = g_->spare.back();
    g_->spare.pop_back();
  }
  Node& n = g_->list[slot];
  n = {};
  n.serial = g_->next++;
  n.owner = owner;
  n.agent = agent;
  n.item = item;
  n.live = true;
  n.verified = item != Item::tokens;
  g_->serials.insert(g_->serials.end(), n.serial);
  g_->peak = std::max(g_->peak, bytes());
  return {slot, n.serial};
}

void Provenance::derive(Vertex from, Vertex to) {
  SIM_CHECK(live(to), "something derives that is no longer in the provenance graph");
  if (!live(from) || from == to) return;
  boost::add_edge(from.slot, to.slot, g_->list);
  ++g_->list[to.slot].waits;
  ++g_->edges;
  ++g_->edges_made;
  g_->peak = std::max(g_->peak, bytes());
}

std::vector<Provenance::Member> Provenance::verify(Vertex v) {
  SIM_CHECK(live(v), "a verdict for something that is not in the provenance graph");
  g_->list[v.slot].verified = true;
  return settle(v);
}

std::vector<Provenance::Member> Provenance::settle(Vertex v) {
  if (!live(v) || !g_->list[v.slot].verified || g_->list[v.slot].waits > 0) return {};
  return g_->settle_all({v.slot});
}

std::vector<Provenance::Member> Provenance::closure(Vertex root, const Follow& follow) const {
  if (!live(root)) return {};
  const std::uint64_t mark = ++g_->closures;
  std::vector<Member> found = {g_->member(root.slot)};
  g_->list[root.slot].seen = mark;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Member from = found[i];
    const auto [begin, end] = boost::out_edges(from.vertex.slot, g_->list);
    for (auto e = begin; e != end; ++e) {
      const auto slot = static_cast<std::uint32_t>(boost::target(*e, g_->list));
      if (g_->list[slot].seen == mark) continue;
      Member to = g_->member(slot);
      to.depth = from.depth + (to.agent != from.agent ? 1 : 0);
      if (to.agent != from.agent && follow && !follow(from, to)) continue;
      g_->list[slot].seen = mark;
      found.push_back(to);
    }
  }
  return found;
}

std::vector<Provenance::Member> Provenance::discard(const std::vector<Vertex>& doomed) {
  for (Vertex v : doomed)
    if (live(v)) g_->list[v.slot].verified = false;  // losing its sources must not settle it
  std::deque<std::uint32_t> ready;
  for (Vertex v : doomed)
    if (live(v)) g_->remove(v.slot, ready);
  return g_->settle_all(std::move(ready));
}

std::uint64_t Provenance::horizon() const {
  return g_->serials.empty() ? g_->next : *g_->serials.begin();
}
std::uint64_t Provenance::next_serial() const { return g_->next; }
std::int64_t Provenance::vertices() const { return static_cast<std::int64_t>(g_->serials.size()); }
std::int64_t Provenance::edges() const { return g_->edges; }
std::int64_t Provenance::edges_made() const { return g_->edges_made; }
Bytes Provenance::peak() const { return g_->peak; }

}  // namespace fieldsim::recovery
