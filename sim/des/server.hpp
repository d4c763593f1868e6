#pragma once
// A queueing station: k equal channels, first come first served. A copy engine, a hash worker pool,
// a ledger. `serve(d)` is acquire, hold for d, release, in one event; `acquire`/`release` is for
// holding times that are not known beforehand. O(1) an event.
#include <coroutine>
#include <cstdint>

#include "sim/des/engine.hpp"
#include "sim/des/level.hpp"
#include "sim/des/wait_list.hpp"

namespace fieldsim::des {

class Server {
  struct Request : detail::Waiter {
    Duration hold = kUnknown;
  };
  static constexpr Duration kUnknown = Duration::raw(-1);

 public:
  class Acquire : private Request {
   public:
    explicit Acquire(Server* server) : server_(server) {}
    bool await_ready() const { return server_->take(); }
    void await_suspend(std::coroutine_handle<> h) {
      handle = h;
      server_->enqueue(this);
    }
    void await_resume() const noexcept {}

   private:
    Server* server_;
  };

  class Serve : private Request {
   public:
    Serve(Server* server, Duration d) : server_(server) { hold = d; }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      handle = h;
      if (server_->take()) {
        server_->engine_->resume_at(server_->engine_->now() + hold, h);
      } else {
        server_->enqueue(this);
      }
    }
    void await_resume() const { server_->release(); }

   private:
    Server* server_;
  };

  explicit Server(Engine& engine, std::int64_t channels = 1)
      : engine_(&engine), channels_(channels) {
    SIM_CHECK(channels > 0, "a server has no channel");
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Acquire acquire() { return Acquire(this); }  // co_await; then release()
  Serve serve(Duration d) {                    // co_await; REQUIRES: d >= 0
    SIM_CHECK(d >= Duration::zero(), "a service takes a negative time");
    return Serve(this, d);
  }
  void release();

  std::int64_t channels() const { return channels_; }
  std::int64_t served() const { return served_; }  // services finished
  const Level& busy() const { return busy_; }      // channels in use
  const Level& queued() const { return queued_; }  // requests that wait for a channel
  double utilization() const { return busy_.mean(engine_->now()) / static_cast<double>(channels_); }

 private:
  bool take() {
    if (busy_.value() == channels_) return false;
    busy_.add(engine_->now(), 1);
    return true;
  }
  void enqueue(Request* r) {
    waiters_.push(r);
    queued_.add(engine_->now(), 1);
  }

  Engine* engine_;
  std::int64_t channels_;
  std::int64_t served_ = 0;
  Level busy_;
  Level queued_;
  detail::WaitList waiters_;
};

inline void Server::release() {
  SIM_CHECK(busy_.value() > 0, "a server is released more often than acquired");
  const Time now = engine_->now();
  ++served_;
  if (waiters_.empty()) return busy_.add(now, -1);
  queued_.add(now, -1);  // the channel is handed on; it was never idle
  const auto* next = static_cast<const Request*>(waiters_.pop());
  if (next->hold == kUnknown) {
    engine_->resume_now(next->handle);
  } else {
    engine_->resume_at(now + next->hold, next->handle);
  }
}

}  // namespace fieldsim::des
