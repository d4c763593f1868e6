#pragma once
// Coroutine processes. A Process is detached: the engine owns it from spawn() to its end. A Task<T>
// is a sub-coroutine that its caller awaits: `co_await copy(engine, bytes)`; it starts when
// awaited, runs as part of the caller (no event, no lapse of time) and hands back a value or an
// exception.
//
// Coroutines take their parameters by value or by reference to something that outlives them, and
// are never capturing lambdas. Nothing recurses: an awaiter only notes who runs next, and the
// engine's loop resumes it (g++ 12 makes no tail call of a symmetric transfer below -O2 or under
// sanitizers). For the same compiler's sake awaiters hold only pointers and integers and have
// constructors.
#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "sim/des/frame_pool.hpp"

namespace fieldsim::des {

class Engine;
class Latch;

namespace detail {

struct ProcessLink {  // ring of live processes; the engine holds the sentinel
  ProcessLink* previous = this;
  ProcessLink* next = this;
};

// What coroutines need of the engine, without its header.
struct Kernel {
  void* next = nullptr;  // frame to resume before the next event
  bool stop = false;
  const struct ComponentRecord* failed = nullptr;
  std::exception_ptr failure;
};

struct ComponentRecord {
  Engine* engine;
  Kernel* kernel;
  std::uint64_t hash;
  std::string name;
};

// First base of every promise, so that any frame's component can be read through coroutine_handle
// <PromiseBase>: the offset of a promise in its frame depends on its alignment only, and is the
// same for all alignments up to 16.
struct PromiseBase {
  const ComponentRecord* component = nullptr;

  static void* operator new(std::size_t bytes) { return frame_pool.allocate(bytes); }
  static void operator delete(void* p, std::size_t bytes) noexcept { frame_pool.release(p, bytes); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
};

using Frame = std::coroutine_handle<PromiseBase>;
inline Frame frame_at(void* address) { return Frame::from_address(address); }

}  // namespace detail

class [[nodiscard]] Process {
 public:
  struct promise_type : detail::PromiseBase, detail::ProcessLink {
    ~promise_type() {
      previous->next = next;
      next->previous = previous;
    }
    Process get_return_object() { return Process(Handle::from_promise(*this)); }
    std::suspend_never final_suspend() const noexcept { return {}; }  // the frame frees itself
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {
      component->kernel->failure = std::current_exception();
      component->kernel->failed = component;
      component->kernel->stop = true;
    }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Process(Process&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (handle_) handle_.destroy();
  }

 private:
  friend class Engine;
  explicit Process(Handle handle) : handle_(handle) {}
  Handle handle_;
};

template <class T = void>
class Task;

namespace detail {

void count_down(Latch* latch);

struct TaskPromiseBase : PromiseBase {
  void* caller = nullptr;  // the awaiting frame, or
  Latch* latch = nullptr;  // what to count down at the end
  std::exception_ptr failure;

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      TaskPromiseBase& p = h.promise();
      if (p.latch != nullptr) {
        count_down(p.latch);
      } else {
        p.component->kernel->next = p.caller;
      }
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  static_assert(alignof(T) <= 16, "an over-aligned result would move the promise in its frame");
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T result() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void result() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  class Awaiter {
   public:
    explicit Awaiter(Handle handle) : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
      promise_type& p = handle_.promise();
      p.component = caller.promise().component;
      p.caller = caller.address();
      p.component->kernel->next = handle_.address();
    }
    T await_resume() const { return handle_.promise().result(); }

   private:
    Handle handle_;
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  Awaiter operator co_await() const noexcept { return Awaiter(handle_); }

 private:
  friend struct detail::TaskPromise<T>;
  friend class TaskStarter;
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace fieldsim::des
