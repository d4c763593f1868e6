// What an agent shows of itself: what it does at any moment, and its boundaries.
#include <string>

#include "sim/serving/agents/agent.hpp"

namespace fieldsim::serving {

void Agent::doing(Activity activity) {
  if (activity == activity_) return;
  const Time now = w_.engine.now();
  if (activity_ != Activity::absent && now > active_since_) {
    const auto i = static_cast<std::size_t>(activity_);
    w_.out.spent[i] += static_cast<long double>((now - active_since_).count());
    if (des::TraceSink* trace = w_.traced(*this))
      trace->span(activity_track, kActivitySpans[i], active_since_, now);
  }
  activity_ = activity;
  active_since_ = now;
}

void Agent::draw_boundary(AgentBoundary& b) {
  des::TraceSink* trace = w_.traced(*this);
  if (trace == nullptr) return;
  std::string name = "boundary " + std::to_string(b.index);
  if (b.place.attempt > 0) name = "regenerated " + name;
  name += ": " + std::to_string(b.tokens) + " tokens";
  trace->span(track, name, b.began, b.closed);
  b.flow = w_.next_flow++;
  trace->flow_begin(b.flow, track, "verdict", b.began);
}

}  // namespace fieldsim::serving
