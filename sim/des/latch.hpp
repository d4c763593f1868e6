#pragma once
// Waiting for several things: a Latch counts down to zero once; all() runs several tasks side by
// side and goes on when the last has finished.
#include <array>
#include <coroutine>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/wait_list.hpp"

namespace fieldsim::des {

class Latch {
 public:
  class Wait : private detail::Waiter {
   public:
    explicit Wait(Latch* latch) : latch_(latch) {}
    bool await_ready() const noexcept { return latch_->count_ == 0; }
    void await_suspend(std::coroutine_handle<> h) {
      handle = h;
      latch_->waiters_.push(this);
    }
    void await_resume() const noexcept {}

   private:
    Latch* latch_;
  };

  Latch(Engine& engine, std::int64_t count) : engine_(&engine), count_(count) {
    SIM_CHECK(count >= 0, "a latch starts below zero");
  }
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void count_down() {
    SIM_CHECK(count_ > 0, "a latch is counted down below zero");
    if (--count_ > 0) return;
    for (detail::Waiter* w = waiters_.take_all(); w != nullptr; w = w->next)
      engine_->resume_now(w->handle);
  }
  std::int64_t count() const { return count_; }
  Wait wait() { return Wait(this); }  // co_await

 private:
  Engine* engine_;
  detail::WaitList waiters_;
  std::int64_t count_;
};

// Starts tasks that nobody awaits one by one: each at now, as an event, within the component that
// is running; `latch` is counted down at the end of each.
class TaskStarter {
 public:
  static void start(Engine& engine, const Task<>& task, Latch& latch) {
    auto& p = task.handle_.promise();
    p.component = engine.current_;
    p.latch = &latch;
    engine.resume_now(task.handle_);
  }
  // Throws what left the task. REQUIRES: the task has finished.
  static void rethrow(const Task<>& task) { task.handle_.promise().result(); }
};

// co_await all(engine, a(engine), b(engine)): when several fail, the first of the list is thrown,
// after all have finished.
inline Task<> all(Engine& engine, std::vector<Task<>> tasks) {
  Latch latch(engine, static_cast<std::int64_t>(tasks.size()));
  for (const Task<>& t : tasks) TaskStarter::start(engine, t, latch);
  co_await latch.wait();
  for (const Task<>& t : tasks) TaskStarter::rethrow(t);
}

template <class... Tasks>
Task<> all(Engine& engine, Task<> first, Tasks... rest) {
  Latch latch(engine, 1 + static_cast<std::int64_t>(sizeof...(rest)));
  TaskStarter::start(engine, first, latch);
  (TaskStarter::start(engine, rest, latch), ...);
  co_await latch.wait();
  TaskStarter::rethrow(first);
  (TaskStarter::rethrow(rest), ...);
}

}  // namespace fieldsim::des
