// What a session does for its anchors before its prefill.
#include "sim/system/generation.hpp"

namespace fieldsim::system {

// retrieve -> fetch -> verify -> promote, before the prefill.
des::Task<> Session::acquire_anchors() {
  // Not in the condition itself: g++ 12 reads its own frame uninitialised there.
  const bool good = co_await anchors_->acquire(out_.anchors);
  if (!good) out_.aborted = true;
  out_.prefill += out_.anchors;
  trail_.add("anchors", hardware::Category::promote, hardware::Limiter::pinned, Time::zero(),
             m_.engine.now());
  out_.anchors_ready = m_.engine.now();
  out_.failures += anchors_->stats().failures;
}

void Session::note_anchor_check(const verify::Check& c) {
  recovery::Boundary anchor;
  anchor.closed = c.asked;
  anchor.check = c;
  note_verdict(anchor);
}

}  // namespace fieldsim::system
