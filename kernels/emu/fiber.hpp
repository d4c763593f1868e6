#pragma once
// Fibers: one stack per emulated GPU thread, switched by hand. The sanitizers are told of every
// switch, which is what turns ASan into a memory checker and TSan into a race checker for kernels.
#include <cstddef>

namespace fieldsim::kernels::emu {

// A stack that can be suspended and resumed. Not copyable; `entry` runs on the first resume.
class Fiber {
 public:
  using Entry = void (*)(void*);
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Prepares a fresh run of `entry(argument)`; an unfinished earlier run is abandoned.
  void start(Entry entry, void* argument);
  // From the scheduler: runs the fiber until it suspends or finishes.
  void resume();
  // From inside the fiber: back to the scheduler. `last`: it will not be resumed again.
  void suspend(bool last);
  // The body of a new stack; called by the first resume only.
  [[noreturn]] void run();

 private:
  void* stack_pointer_ = nullptr;
  void* scheduler_pointer_ = nullptr;
  unsigned char* stack_ = nullptr;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  void* tsan_fiber_ = nullptr;
  void* tsan_scheduler_ = nullptr;
  void* asan_scheduler_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_size_ = 0;
};

// Ordering for TSan: a fiber that acquires a key sees what was written before its releases. No-ops
// in other builds; two fibers are unordered unless a barrier or an atomic orders them.
// A launch ends with reuse_stacks: until then no stack is given to a second fiber under TSan, which
// would take what two CTAs do at one address for a race.
void reuse_stacks();
void tsan_acquire(void* key);
void tsan_release(void* key);

}  // namespace fieldsim::kernels::emu
