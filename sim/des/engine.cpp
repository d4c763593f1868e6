#include "sim/des/engine.hpp"

#include <fmt/format.h>

#include <bit>

#include "sim/des/alarm.hpp"

namespace fieldsim::des {

namespace {

constexpr std::uint64_t kFingerprintSeed = 0x6669656c6473696d;  // "fieldsim"
constexpr std::uint64_t kFingerprintFactor = 0x9e3779b97f4a7c15;

// What a failed SIM_CHECK prints; the previous text comes back when the run ends, however it ends.
class ContextScope {
 public:
  ContextScope() : context_(run_context()), saved_(context_) {}
  ~ContextScope() { context_ = saved_; }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;
  void set(Time now, const detail::ComponentRecord* component) {
    context_.now_ps = now.since_start().count();
    context_.component = component->name.c_str();
  }

 private:
  RunContext& context_;
  RunContext saved_;
};

void destroy_all(detail::ProcessLink& ring) {
  while (ring.next != &ring) {
    // Unlinks itself; destructors of its locals may wake others, which nobody runs any more.
    Process::Handle::from_promise(static_cast<Process::promise_type&>(*ring.next)).destroy();
  }
}

}  // namespace

ProcessError::ProcessError(Time when, std::string component, const std::string& message)
    : std::runtime_error(
          fmt::format("at {} ps in '{}': {}", when.since_start().count(), component, message)),
      when_(when),
      component_(std::move(component)) {}

std::string Blocked::str() const {
  if (count == 0) return "no process waits forever";
  std::string s =
      count == 1 ? "1 process waits forever: " : fmt::format("{} processes wait forever: ", count);
  const char* separator = "";
  for (const auto& [name, n] : components) {
    s += fmt::format("{}{} x {}", separator, n, name);
    separator = ", ";
  }
  return s;
}

Engine::Engine(std::uint64_t seed) : fingerprint_(kFingerprintSeed), seed_(seed) {
  current_ = intern("main");
}

Engine::~Engine() { abandon(); }

void Engine::abandon() {
  destroy_all(processes_);
  destroy_all(services_);
  queue_.remove_if([](std::uint64_t what) { return (what & 1) == 0; });
}

const detail::ComponentRecord* Engine::intern(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) return found->second;
  components_.push_back({this, &kernel_, name_hash(name), std::string(name)});
  const detail::ComponentRecord* record = &components_.back();
  by_name_.emplace(record->name, record);
  return record;
}

Component Engine::component(std::string_view name) { return Component(intern(name)); }

void Engine::start(Process process, const detail::ComponentRecord* component,
                   detail::ProcessLink& ring) {
  const Process::Handle h = std::exchange(process.handle_, nullptr);
  Process::promise_type& p = h.promise();
  p.component = component;
  p.previous = ring.previous;
  p.next = &ring;
  ring.previous->next = &p;
  ring.previous = &p;
  resume_now(h);
}

void Engine::spawn(Process process, std::string_view component) {
  start(std::move(process), intern(component), processes_);
}
void Engine::spawn(Process process, Component component) {
  start(std::move(process), component.record_, processes_);
}
void Engine::spawn(Process process) { start(std::move(process), current_, processes_); }
void Engine::spawn_service(Process process, std::string_view component) {
  start(std::move(process), intern(component), services_);
}

inline void Engine::count_event(std::uint64_t time, std::uint64_t hash) {
  fingerprint_ = (std::rotl(fingerprint_, 23) ^ (time + hash)) * kFingerprintFactor;
  ++events_;
}

void Engine::run_events(Time limit, bool set_clock) {
  ContextScope context;
  const std::uint64_t last = raw(limit);
  EventQueue::Entry e{};
  kernel_.stop = false;
  while (queue_.pop(e, last)) {
    void* frame;
    if ((e.what & 1) == 0) [[likely]] {
      // The queue holds words; this one is a frame. NOLINTNEXTLINE(performance-no-int-to-ptr)
      frame = reinterpret_cast<void*>(static_cast<std::uintptr_t>(e.what));
      current_ = detail::frame_at(frame).promise().component;
      now_ = Time::at(Duration::raw(static_cast<std::int64_t>(e.time)));
      count_event(e.time, current_->hash);
      context.set(now_, current_);
    } else {
      frame = fire(e.what, e.time);
      if (frame == nullptr) continue;
      current_ = detail::frame_at(frame).promise().component;
      context.set(now_, current_);
    }
    do {
      kernel_.next = nullptr;
      detail::frame_at(frame).resume();
      frame = kernel_.next;
    } while (frame != nullptr);
    if (kernel_.stop) [[unlikely]] {
      if (kernel_.failure) report_failure();
      set_clock = false;
      break;
    }
  }
  current_ = intern("main");
  if (set_clock && limit > now_) now_ = limit;
  if (queue_.empty()) queue_.rewind(raw(now_));  // cancelled alarms may have taken its clock ahead
}

// Runs an alarm unless it was cancelled or armed anew since; returns a frame to resume, if any.
void* Engine::fire(std::uint64_t what, std::uint64_t time) {
  AlarmSlot& slot = alarms_[(what >> 1) & 0x7fffffff];
  if (slot.generation != what >> 32) {
    --stale_;
    return nullptr;
  }
  ++slot.generation;
  Alarm& alarm = *slot.owner;
  alarm.armed_ = false;
  current_ = alarm.component_;
  now_ = Time::at(Duration::raw(static_cast<std::int64_t>(time)));
  count_event(time, current_->hash);
  return alarm.fire_(alarm.owner_).address();
}

void Engine::drop_stale() {
  queue_.remove_if([this](std::uint64_t what) {
    return (what & 1) != 0 && alarms_[(what >> 1) & 0x7fffffff].generation != what >> 32;
  });
  stale_ = 0;
}

void Engine::report_failure() {
  const std::exception_ptr failure = std::exchange(kernel_.failure, nullptr);
  const std::string component = std::exchange(kernel_.failed, nullptr)->name;
  kernel_.stop = false;
  current_ = intern("main");
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    throw ProcessError(now_, component, e.what());
  } catch (...) {
    throw ProcessError(now_, component, "an exception of unknown type");
  }
}

Blocked Engine::blocked() const {
  Blocked b;
  if (pending() != 0) return b;
  for (const detail::ProcessLink* l = processes_.next; l != &processes_; l = l->next) {
    ++b.count;
    ++b.components[static_cast<const Process::promise_type*>(l)->component->name];
  }
  return b;
}

std::size_t Engine::live_processes() const {
  std::size_t n = 0;
  for (const detail::ProcessLink* ring : {&processes_, &services_})
    for (const detail::ProcessLink* l = ring->next; l != ring; l = l->next) ++n;
  return n;
}

Alarm::Alarm(Engine& engine, std::string_view component, Fire fire, void* owner)
    : engine_(&engine), component_(engine.intern(component)), fire_(fire), owner_(owner) {
  if (engine.free_alarms_.empty()) {
    slot_ = static_cast<std::uint32_t>(engine.alarms_.size());
    SIM_CHECK(slot_ < 0x7fffffff, "too many alarms");
    engine.alarms_.emplace_back();
  } else {
    slot_ = engine.free_alarms_.back();
    engine.free_alarms_.pop_back();
  }
  engine.alarms_[slot_].owner = this;
}

Alarm::~Alarm() {
  cancel();
  engine_->alarms_[slot_].owner = nullptr;
  engine_->free_alarms_.push_back(slot_);
}

std::uint64_t Alarm::word() const {
  return std::uint64_t{engine_->alarms_[slot_].generation} << 32 | std::uint64_t{slot_} << 1 | 1;
}

void Alarm::cancel() {
  if (!armed_) return;
  constexpr std::size_t kTolerated = 64;
  armed_ = false;
  ++engine_->alarms_[slot_].generation;
  ++engine_->stale_;
  if (engine_->stale_ > kTolerated && engine_->stale_ > engine_->queue_.size() / 2)
    engine_->drop_stale();
}

void Alarm::arm(Time when) {
  SIM_CHECK(when >= engine_->now_, "an alarm is set to a time that is past");
  cancel();
  armed_ = true;
  when_ = when;
  engine_->queue_.push(Engine::raw(when), word());
}

}  // namespace fieldsim::des
