#pragma once
// A condition: processes wait while it is closed; opening it wakes all of them, in order of
// arrival, and lets later ones through until it is closed again. `open(); close();` is a broadcast.
#include <coroutine>

#include "sim/des/engine.hpp"
#include "sim/des/wait_list.hpp"

namespace fieldsim::des {

class Gate {
 public:
  class Wait : private detail::Waiter {
   public:
    explicit Wait(Gate* gate) : gate_(gate) {}
    bool await_ready() const noexcept { return gate_->open_; }
    void await_suspend(std::coroutine_handle<> h) {
      handle = h;
      gate_->waiters_.push(this);
    }
    void await_resume() const noexcept {}

   private:
    Gate* gate_;
  };

  explicit Gate(Engine& engine, bool open = false) : engine_(&engine), open_(open) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  Wait wait() { return Wait(this); }  // co_await
  void open() {
    open_ = true;
    for (detail::Waiter* w = waiters_.take_all(); w != nullptr; w = w->next)
      engine_->resume_now(w->handle);
  }
  void close() { open_ = false; }
  bool is_open() const { return open_; }

 private:
  Engine* engine_;
  detail::WaitList waiters_;
  bool open_;
};

}  // namespace fieldsim::des
