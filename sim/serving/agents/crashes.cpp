// The device stops and restarts. What was in its memory is gone: every KV cache that does not lie
// on the host, and with it the boundary that each agent has open; closed ones are known to the
// host, and their checks go on.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/agents/agent.hpp"
#include "sim/verify/outages.hpp"

namespace fieldsim::serving {

namespace {
constexpr std::int64_t kCrashesInARow = 1000;  // that undid work, and nobody closed a boundary
}

des::Process AgentsWorld::crashes() {
  const verify::Crash& crash = *setup.faults.device_crash;
  const auto next = [&] { return verify::exponential_time(crashes_.uniform(), crash.every); };
  bool goes_on = co_await crash_timer_.wait(next());
  while (goes_on) {
    const Time began = engine.now();
    Duration down;
    std::int64_t failed = 0;
    for (bool again = true; again;) {  // a restart may fail too
      ++out.crashes;
      const Duration up = next();
      again = up < crash.restart && ++failed < kCrashesInARow;
      down += std::min(up, crash.restart);
    }
    batch.halt(began + down);
    if (lose_device()) crashes_in_a_row_ += 1 + failed;
    if (std::max(failed, crashes_in_a_row_) >= kCrashesInARow)
      for (const auto& a : agents_) a->abandon();
    goes_on = co_await crash_timer_.wait(down);
    if (des::TraceSink* trace = engine.trace())
      trace->span(trace->track("gpu", "crashes"), "crash and restart", began, engine.now());
    if (goes_on) goes_on = co_await crash_timer_.wait(next());
  }
}

// Whether work was lost.
bool AgentsWorld::lose_device() {
  bool lost = false;
  for (const auto& a : agents_) a->lose_cache();
  for (const auto& a : agents_) {
    const AgentBoundaryPtr open = a->open_boundary();
    if (!open) continue;  // or another agent's loss took it along
    lost = true;
    const std::vector<Member> all = provenance.closure(open->vertex);
    std::vector<Member> members = doomed(*open, all);
    count_orphans(all, members);
    undo(*open, std::move(members), Cause::crash);
  }
  return lost;
}

}  // namespace fieldsim::serving
