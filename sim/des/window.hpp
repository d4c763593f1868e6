#pragma once
// A bounded number of things in flight: open() takes a place or waits for one, first come first
// served; close() gives it back. Tags of a PCIe requester, boundaries not yet verified, DMA
// buffers.
#include <coroutine>
#include <cstdint>

#include "sim/des/engine.hpp"
#include "sim/des/level.hpp"
#include "sim/des/wait_list.hpp"

namespace fieldsim::des {

class Window {
 public:
  class Open : private detail::Waiter {
   public:
    explicit Open(Window* window) : window_(window) {}
    bool await_ready() const { return window_->take(); }
    void await_suspend(std::coroutine_handle<> h) {
      handle = h;
      window_->waiters_.push(this);
      window_->waiting_.add(window_->engine_->now(), 1);
    }
    void await_resume() const noexcept {}

   private:
    Window* window_;
  };

  Window(Engine& engine, std::int64_t size) : engine_(&engine), size_(size) {
    SIM_CHECK(size > 0, "a window has no place");
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  Open open() { return Open(this); }  // co_await
  bool try_open() { return take(); }  // takes a place if one is free and nobody waits
  void close() {
    SIM_CHECK(occupied_.value() > 0, "a window is closed more often than opened");
    if (waiters_.empty()) {
      occupied_.add(engine_->now(), -1);
    } else {  // the place is handed on; it was never free
      ++opened_;
      waiting_.add(engine_->now(), -1);
      engine_->resume_now(waiters_.pop()->handle);
    }
  }

  std::int64_t size() const { return size_; }
  std::int64_t opened() const { return opened_; }      // places given so far
  const Level& occupied() const { return occupied_; }  // places in use
  const Level& waiting() const { return waiting_; }    // processes in open()

 private:
  bool take() {
    if (occupied_.value() == size_) return false;
    ++opened_;
    occupied_.add(engine_->now(), 1);
    return true;
  }

  Engine* engine_;
  std::int64_t size_;
  std::int64_t opened_ = 0;
  Level occupied_;
  Level waiting_;
  detail::WaitList waiters_;
};

}  // namespace fieldsim::des
