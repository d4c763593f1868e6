#pragma once
// A time-out that can be cancelled or set anew while a process waits for it:
//   const bool fired = co_await timer.wait(5_us);   // false when somebody called cancel()
// One process waits at a time.
#include <coroutine>
#include <string_view>
#include <utility>

#include "sim/des/alarm.hpp"
#include "sim/des/engine.hpp"

namespace fieldsim::des {

class Timer {
 public:
  class Wait {
   public:
    Wait(Timer* timer, Time when) : timer_(timer), when_(when) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      SIM_CHECK(!timer_->waiter_, "two processes wait for one timer");
      timer_->waiter_ = h;
      timer_->fired_ = true;
      timer_->alarm_.arm(when_);
    }
    bool await_resume() const noexcept { return timer_->fired_; }

   private:
    Timer* timer_;
    Time when_;
  };

  // The name enters the fingerprint where the timer fires.
  explicit Timer(Engine& engine, std::string_view name = "timer")
      : engine_(&engine), alarm_(engine, name, &Timer::fire, this) {}

  // co_await; true when the time has passed, false when cancelled.
  Wait wait(Duration d) { return Wait(this, engine_->now() + d); }
  Wait wait_until(Time t) { return Wait(this, t); }

  // Wakes the waiting process at now with `false`; no-op when nobody waits.
  void cancel() {
    if (!alarm_.armed()) return;
    alarm_.cancel();
    fired_ = false;
    engine_->resume_now(std::exchange(waiter_, nullptr));
  }
  // Lets the waiting process go on waiting, until now + d instead. REQUIRES: waiting().
  void rearm(Duration d) {
    SIM_CHECK(alarm_.armed(), "nobody waits for the timer that is set anew");
    alarm_.arm(engine_->now() + d);
  }
  bool waiting() const { return alarm_.armed(); }

 private:
  static std::coroutine_handle<> fire(void* self) {
    return std::exchange(static_cast<Timer*>(self)->waiter_, nullptr);
  }

  Engine* engine_;
  Alarm alarm_;
  std::coroutine_handle<> waiter_;
  bool fired_ = false;
};

}  // namespace fieldsim::des
