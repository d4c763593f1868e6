#pragma once
// A FIFO of suspended coroutines, linked through their awaiters: waiting allocates nothing.
#include <coroutine>

namespace fieldsim::des::detail {

struct Waiter {
  Waiter* next = nullptr;
  std::coroutine_handle<> handle;
};

class WaitList {
 public:
  bool empty() const { return first_ == nullptr; }
  Waiter* front() const { return first_; }

  void push(Waiter* w) {
    w->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = w;
    last_ = w;
  }
  // REQUIRES: not empty.
  Waiter* pop() {
    Waiter* w = first_;
    first_ = w->next;
    return w;
  }
  // Takes everybody; the chain is followed through `next`.
  Waiter* take_all() {
    Waiter* w = first_;
    first_ = nullptr;
    return w;
  }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace fieldsim::des::detail
