#pragma once
// The event engine: simulated time, the order of events, and the processes. Nothing is global; an
// engine and everything built on it stay on one thread, and resources are used only while it lives.
//
// Events are ordered by (time, sequence): among equal times, first scheduled is first run. The
// fingerprint is a 64-bit hash over that order, each event with its time and component.
#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/base/units.hpp"
#include "sim/des/event_queue.hpp"
#include "sim/des/process.hpp"

namespace fieldsim::des {

class Alarm;
class TraceSink;

// An exception left a process. what() gives simulated time, component and the original message; the
// original is nested: std::rethrow_if_nested(error) or error.rethrow_cause() throws it.
class ProcessError : public std::runtime_error, public std::nested_exception {
 public:
  ProcessError(Time when, std::string component, const std::string& message);
  Time when() const { return when_; }
  const std::string& component() const { return component_; }
  [[noreturn]] void rethrow_cause() const { rethrow_nested(); }

 private:
  Time when_;
  std::string component_;
};

// Processes that are alive although no event is left to wake them.
struct Blocked {
  std::size_t count = 0;
  std::map<std::string, std::size_t> components;
  std::string str() const;  // "3 processes wait forever: 2 x gpu0.copy, 1 x host.hash"
};

// A component's name, looked up once: for spawning many processes of one component.
class Component {
 public:
  const std::string& name() const { return record_->name; }

 private:
  friend class Engine;
  explicit Component(const detail::ComponentRecord* record) : record_(record) {}
  const detail::ComponentRecord* record_;
};

class Engine {
 public:
  class Delay;

  explicit Engine(std::uint64_t seed = 0);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Time now() const { return now_; }
  std::uint64_t seed() const { return seed_; }
  RandomStream random(std::string_view name) const { return RandomStream(seed_, name); }

  // Starts a process at now(), behind the events already due. Without a name it inherits the
  // component of the process that is running.
  void spawn(Process process, std::string_view component);
  void spawn(Process process, Component component);
  void spawn(Process process);
  // A process that may wait forever, like a device's command loop: blocked() does not report it.
  void spawn_service(Process process, std::string_view component);
  Component component(std::string_view name);

  // co_await: sleep. A zero delay goes behind the events already due at now().
  Delay delay(Duration d);  // REQUIRES: d >= 0
  Delay until(Time t);      // REQUIRES: t >= now()

  // Runs until no event is left. Throws ProcessError when an exception leaves a process.
  void run() { run_events(Time::never(), false); }
  // Runs the events at or before t, then sets the clock to t.
  void run_until(Time t) { run_events(t, true); }

  // Ends the run after the current event; what is pending stays pending. For use by processes.
  void stop() { kernel_.stop = true; }

  std::uint64_t events() const { return events_; }
  std::uint64_t fingerprint() const { return fingerprint_; }
  std::size_t pending() const { return queue_.size() - stale_; }
  std::size_t queued() const {
    return queue_.size();
  }  // pending, and cancelled alarms not yet dropped
  // Empty as long as events are pending: a process that waits may still be woken by one.
  Blocked blocked() const;
  std::size_t live_processes() const;  // services included
  // Destroys every process now, for locals whose destructors need a resource younger than the
  // engine.
  void abandon();

  TraceSink* trace() const { return trace_; }
  void set_trace(TraceSink* sink) { trace_ = sink; }

  // For authors of resources: resume a suspended coroutine, as an event.
  void resume_now(std::coroutine_handle<> h) { queue_.push(raw(now_), word(h)); }
  void resume_at(Time t, std::coroutine_handle<> h) { queue_.push(raw(t), word(h)); }
  Component current() const { return Component(current_); }

 private:
  friend class Alarm;
  friend class TaskStarter;
  struct AlarmSlot {
    std::uint32_t generation = 0;
    Alarm* owner = nullptr;
  };

  static std::uint64_t raw(Time t) { return static_cast<std::uint64_t>(t.since_start().count()); }
  static std::uint64_t word(std::coroutine_handle<> h) {
    return reinterpret_cast<std::uintptr_t>(h.address());
  }
  const detail::ComponentRecord* intern(std::string_view name);
  void start(Process process, const detail::ComponentRecord* component, detail::ProcessLink& ring);
  void run_events(Time limit, bool set_clock);
  void count_event(std::uint64_t time, std::uint64_t hash);
  void* fire(std::uint64_t what, std::uint64_t time);
  void drop_stale();
  [[noreturn]] void report_failure();

  EventQueue queue_;
  Time now_;
  std::uint64_t events_ = 0;
  std::uint64_t fingerprint_;
  const detail::ComponentRecord* current_ = nullptr;
  detail::Kernel kernel_;
  std::size_t stale_ = 0;  // cancelled alarms still in the queue
  std::vector<AlarmSlot> alarms_;
  std::vector<std::uint32_t> free_alarms_;
  detail::ProcessLink processes_;
  detail::ProcessLink services_;
  std::deque<detail::ComponentRecord> components_;
  std::unordered_map<std::string_view, const detail::ComponentRecord*> by_name_;
  TraceSink* trace_ = nullptr;
  std::uint64_t seed_;
};

class Engine::Delay {
 public:
  Delay(Engine* engine, Time when) : engine_(engine), when_(when) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) const { engine_->resume_at(when_, h); }
  void await_resume() const noexcept {}

 private:
  Engine* engine_;
  Time when_;
};

inline Engine::Delay Engine::delay(Duration d) {
  SIM_CHECK(d >= Duration::zero(), "a process sleeps for a negative time");
  return Delay(this, now_ + d);
}

inline Engine::Delay Engine::until(Time t) {
  SIM_CHECK(t >= now_, "a process sleeps until a time that is past");
  return Delay(this, t);
}

}  // namespace fieldsim::des
