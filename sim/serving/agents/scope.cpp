// Which part of a failed boundary's closure a rollback undoes, and what stays behind as orphans.
#include <cmath>
#include <set>

#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

using recovery::Item;
using recovery::Rollback;

// Sources are before what derives from them only edge by edge; order does not matter here.
std::vector<AgentsWorld::Member> AgentsWorld::doomed(AgentBoundary& root,
                                                     const std::vector<Member>& all) {
  switch (setup.recovery.rollback) {
    case Rollback::cascading_closure:
      return all;
    case Rollback::selective_revalidation:
      return provenance.closure(root.vertex, [&](const Member&, const Member& to) {
        const auto& b = *static_cast<const AgentBoundary*>(to.owner);
        if (workload.revalidation(to.vertex.serial) >= setup.recovery.unchanged) return true;
        // Recomputed, and the same: its replay is a prefill of its tokens.
        if (b.tokens > 0) {
          out.revalidated += b.tokens;
          engine.spawn(replay(b.tokens, b.start.context), "revalidation");
        }
        return false;
      });
    case Rollback::suffix:
    case Rollback::session_restart:
    case Rollback::compensate_only:
      break;
  }
  return provenance.closure(root.vertex, [](const Member&, const Member&) { return false; });
}

des::Process AgentsWorld::replay(std::int64_t tokens, std::int64_t before) {
  Stretch s;
  s.before = before;
  s.prefill = tokens;
  co_await batch.run(s);
  const Amount spent{0, std::llround(s.energy)};
  out.generated += spent;
  out.discarded += spent;
}

void AgentsWorld::count_orphans(const std::vector<Member>& all,
                                const std::vector<Member>& members) {
  if (setup.recovery.rollback == Rollback::selective_revalidation) return;
  std::set<std::uint64_t> undone;
  for (const Member& m : members) undone.insert(m.vertex.serial);
  std::set<std::int64_t> agents;
  for (const Member& m : all) {
    if (undone.count(m.vertex.serial) > 0) continue;
    ++out.orphans[static_cast<std::size_t>(m.item)];
    agents.insert(m.agent);
    if (m.item == Item::tokens)
      out.orphan_tokens += static_cast<const AgentBoundary*>(m.owner)->tokens;
  }
  out.orphan_agents += static_cast<std::int64_t>(agents.size());
}

}  // namespace fieldsim::serving
