// Built without instrumentation: the emulator is the hardware, only kernel code is under test.
#include "kernels/emu/fiber.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

// The sanitizers' own names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
#if defined(FIELDSIM_EMU_TSAN)
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif
#if defined(FIELDSIM_EMU_ASAN)
extern "C" {
void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t size);
void __sanitizer_finish_switch_fiber(void* save, const void** bottom, std::size_t* size);
}
#endif
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

#if defined(__x86_64__)
// Saves the callee-saved registers on the old stack and takes them from the new one (System V ABI).
extern "C" void fieldsim_switch_stack(void** save, void* to);
asm(R"(
.text
.globl fieldsim_switch_stack
.type fieldsim_switch_stack, @function
fieldsim_switch_stack:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size fieldsim_switch_stack, .-fieldsim_switch_stack
)");
#else
#include <ucontext.h>
// Elsewhere ucontext does the same, some ten times slower. Contexts live as long as the process.
static void fieldsim_switch_stack(void** save, void* to) {
  if (*save == nullptr) *save = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(*save), static_cast<ucontext_t*>(to));
}
#endif

namespace fieldsim::kernels::emu {
namespace {

constexpr std::size_t kStackBytes = 64 * 1024;

// The fiber being resumed: how a new one learns who it is.
thread_local Fiber* resuming = nullptr;

#if defined(FIELDSIM_EMU_TSAN)
// Identities are dear to make (some sixteen memory maps each): the CTAs of a launch get fresh ones
// while they last, then the first are used again.
constexpr std::size_t kIdentities = 1024;
#endif

// All stacks ever made; the first `used` of them belong to fibers.
std::vector<std::unique_ptr<unsigned char[]>> stacks;
std::size_t used = 0;

unsigned char* take_stack() {
#if defined(FIELDSIM_EMU_TSAN)
  const std::size_t i = used++ % kIdentities;  // with the identity of the same number
#else
  const std::size_t i = used++;
#endif
  if (i == stacks.size())
    stacks.push_back(std::make_unique_for_overwrite<unsigned char[]>(kStackBytes));
  return stacks[i].get();
}

#if defined(FIELDSIM_EMU_TSAN)
constexpr unsigned kNoSync = 1;  // a switch by itself orders nothing

std::vector<void*> identities;
std::size_t next_identity = 0;

void* take_identity() {
  const std::size_t i = next_identity++ % kIdentities;
  if (i == identities.size()) identities.push_back(__tsan_create_fiber(0));
  return identities[i];
}
#endif

}  // namespace

void reuse_stacks() {
#if defined(FIELDSIM_EMU_TSAN)
  used = 0;
  next_identity = 0;
#endif
}

void tsan_acquire([[maybe_unused]] void* key) {
#if defined(FIELDSIM_EMU_TSAN)
  __tsan_acquire(key);
#endif
}
void tsan_release([[maybe_unused]] void* key) {
#if defined(FIELDSIM_EMU_TSAN)
  __tsan_release(key);
#endif
}

void Fiber::start(Entry entry, void* argument) {
  entry_ = entry;
  argument_ = argument;
#if defined(FIELDSIM_EMU_TSAN)
  // A fresh stack and identity each run, or TSan would blame the last CTA's accesses.
  tsan_fiber_ = take_identity();
  tsan_scheduler_ = __tsan_get_current_fiber();
  stack_ = nullptr;
#endif
  if (stack_ == nullptr) stack_ = take_stack();
#if defined(__x86_64__)
  // The stack as fieldsim_switch_stack leaves one: six registers and a return address.
  auto top = (reinterpret_cast<std::uintptr_t>(stack_) + kStackBytes) & ~std::uintptr_t{63};
  auto* frame = reinterpret_cast<void**>(top);  // NOLINT(performance-no-int-to-ptr): alignment
  *--frame = nullptr;
  *--frame = nullptr;
  *--frame = reinterpret_cast<void*>(+[] { std::abort(); });
  *--frame = reinterpret_cast<void*>(+[] { resuming->run(); });
  for (int i = 0; i < 6; ++i) *--frame = nullptr;
  stack_pointer_ = frame;
#else
  if (stack_pointer_ == nullptr) stack_pointer_ = new ucontext_t;
  auto* context = static_cast<ucontext_t*>(stack_pointer_);
  getcontext(context);
  context->uc_stack.ss_sp = stack_;
  context->uc_stack.ss_size = kStackBytes;
  makecontext(
      context, +[] { resuming->run(); }, 0);
#endif
}

void Fiber::resume() {
  resuming = this;
#if defined(FIELDSIM_EMU_ASAN)
  __sanitizer_start_switch_fiber(&asan_scheduler_stack_, stack_, kStackBytes);
#endif
#if defined(FIELDSIM_EMU_TSAN)
  __tsan_switch_to_fiber(tsan_fiber_, kNoSync);
#endif
  fieldsim_switch_stack(&scheduler_pointer_, stack_pointer_);
#if defined(FIELDSIM_EMU_ASAN)
  __sanitizer_finish_switch_fiber(asan_scheduler_stack_, nullptr, nullptr);
#endif
}

void Fiber::suspend([[maybe_unused]] bool last) {
#if defined(FIELDSIM_EMU_ASAN)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(last ? nullptr : &fake_stack, scheduler_bottom_, scheduler_size_);
#endif
#if defined(FIELDSIM_EMU_TSAN)
  __tsan_switch_to_fiber(tsan_scheduler_, kNoSync);
#endif
  fieldsim_switch_stack(&stack_pointer_, scheduler_pointer_);
#if defined(FIELDSIM_EMU_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, &scheduler_bottom_, &scheduler_size_);
#endif
}

void Fiber::run() {
#if defined(FIELDSIM_EMU_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom_, &scheduler_size_);
#endif
  entry_(argument_);
  suspend(true);
  std::abort();
}

}  // namespace fieldsim::kernels::emu
