// What a session shows of itself in a trace and in the task log.
#include <algorithm>
#include <string>

#include "sim/des/trace.hpp"
#include "sim/system/generation.hpp"

namespace fieldsim::system {

using hardware::TaskLog;
using recovery::Boundary;
using recovery::BoundaryPtr;

void Session::draw_window() {
  if (!windowed()) return;
  out_.window_max = std::max(out_.window_max, window_.occupied().value());
  if (auto* trace = m_.engine.trace())
    trace->counter("unverified boundaries", m_.engine.now(),
                   static_cast<double>(window_.occupied().value()));
}

void Session::draw_boundary(Boundary& b) {
  auto* trace = m_.engine.trace();
  if (trace == nullptr) return;
  b.check.flow = next_flow_++;
  const char* again = b.first_token < drawn_undone_ ? " again" : "";
  trace->span(boundary_track_, "boundary " + std::to_string(b.index) + again, b.began, b.closed);
  trace->flow_begin(b.check.flow, boundary_track_, "verdict", b.began);
}

// A verdict has no length; its flow ends here, or goes on to the rollback.
void Session::draw_verdict(const Boundary& b, const char* verdict) {
  auto* trace = m_.engine.trace();
  if (trace == nullptr || b.check.flow == 0) return;
  const Time now = m_.engine.now();
  trace->span(verdict_track_, verdict + (" " + std::to_string(b.index)), now, now);
  if (verdict == std::string_view("failed")) {
    trace->flow_step(b.check.flow, verdict_track_, "verdict", now);
    flows_to_rollback_.push_back(b.check.flow);
  } else {
    trace->flow_end(b.check.flow, verdict_track_, "verdict", now);
  }
}

// What a failed verdict or a crash takes back: the same spans once more, on a track of their own.
void Session::draw_undone(const std::vector<BoundaryPtr>& boundaries) {
  auto* trace = m_.engine.trace();
  if (trace == nullptr) return;
  const des::TrackId track = trace->track("session", "undone");
  for (const BoundaryPtr& b : boundaries) {
    const Time end = b->is_closed || b->closed > b->began ? b->closed : m_.engine.now();
    trace->span(track, "undone " + std::to_string(b->index), b->began, end);
    drawn_undone_ = std::max(drawn_undone_, b->first_token + b->tokens);
  }
}

void Session::draw_repair(const char* what, Time began) {
  auto* trace = m_.engine.trace();
  if (trace == nullptr) return;
  trace->span(verdict_track_, what, began, m_.engine.now());
  for (std::uint64_t flow : flows_to_rollback_)
    trace->flow_end(flow, verdict_track_, "verdict", began);
  flows_to_rollback_.clear();
}

void Session::end_decode() {
  out_.decode_ended = m_.engine.now();
  trail_.mark(TaskLog::Mark::decode_ended);
}

// The newest token is kept from this moment on.
void Session::stamp_token() {
  out_.token_at.back() = m_.engine.now();
  if (out_.token_at.size() == 1) trail_.mark(TaskLog::Mark::first_token);
}

void Session::log_program(const char* what, Time began) {
  if (!trail_) return;
  trail_.add(what, began, m_.engine.now(), work_);
  work_ = {};
}

void Session::log_repair(const char* what, Time began) {
  if (m_.engine.now() > began)
    trail_.add(what, hardware::Category::rollback, hardware::Limiter::repair, began,
               m_.engine.now());
}

// A span on a row of the session that appears when first used.
void Session::draw_on(const char* row, const std::string& what, Time began) {
  if (auto* trace = m_.engine.trace())
    trace->span(trace->track("session", row), what, began, m_.engine.now());
}

}  // namespace fieldsim::system
