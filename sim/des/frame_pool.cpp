#include "sim/des/frame_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fieldsim::des {

FrameStats frame_stats() { return detail::frame_pool.stats(); }

namespace detail {

namespace {
constexpr std::size_t kFirstSlab = std::size_t{64} << 10;
constexpr std::size_t kHugePage = std::size_t{2} << 20;  // slabs grow to this: one TLB entry each

// Constructed with the thread's first slab, so that its destructor runs when the thread ends.
struct SlabOwner {
  ~SlabOwner() { frame_pool.free_slabs(); }
};
}  // namespace

void* FramePool::carve(std::size_t c) {
  const std::size_t bytes = c * kGrain;
  if (static_cast<std::size_t>(end_ - cursor_) < bytes) {
    thread_local SlabOwner owner;
    static_cast<void>(owner);
    const std::size_t slab = std::clamp(slab_bytes_, kFirstSlab, kHugePage);
    const std::size_t alignment = slab == kHugePage ? kHugePage : std::size_t{4096};
    void* p = std::aligned_alloc(alignment, (slab + alignment - 1) / alignment * alignment);
    if (p == nullptr) throw std::bad_alloc();
#if defined(__linux__)
    if (slab == kHugePage) static_cast<void>(madvise(p, slab, MADV_HUGEPAGE));
#endif
    slabs_ = ::new (p) Slab{slabs_};
    slab_bytes_ += slab;
    cursor_ = static_cast<char*>(p) + 64;
    end_ = static_cast<char*>(p) + slab;
  }
  void* p = cursor_;
  cursor_ += bytes;
  return p;
}

void* FramePool::allocate_large(std::size_t bytes) {
  void* p = ::operator new(bytes);
  ++live_frames_;
  live_bytes_ += bytes;
  return p;
}

void FramePool::release_large(void* p, std::size_t bytes) noexcept {
  --live_frames_;
  live_bytes_ -= bytes;
  ::operator delete(p);
}

void FramePool::free_slabs() {
  if (live_frames_ != 0) return;  // an engine outlives its thread: leaking beats dangling
  for (Slab* s = slabs_; s != nullptr;) {
    Slab* next = s->next;
    std::free(s);
    s = next;
  }
  *this = FramePool();
}

}  // namespace detail
}  // namespace fieldsim::des
