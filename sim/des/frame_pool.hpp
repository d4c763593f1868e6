#pragma once
// Memory of coroutine frames: free lists by size class over large slabs, one pool a thread. A frame
// is freed on the thread that made it: an engine and its processes stay on one thread.
#include <array>
#include <cstddef>
#include <cstdint>

namespace fieldsim::des {

struct FrameStats {
  std::uint64_t live_frames = 0;
  std::uint64_t live_bytes = 0;  // rounded to size classes
  std::uint64_t slab_bytes = 0;  // taken from the system, kept for reuse until the thread ends
};

// The frames of the calling thread that are alive now.
FrameStats frame_stats();

namespace detail {

// Under AddressSanitizer every frame is its own allocation, so that a use after free is seen.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kPoolFrames = false;
#else
inline constexpr bool kPoolFrames = true;
#endif

class FramePool {
 public:
  constexpr FramePool() = default;

  void* allocate(std::size_t bytes) {
    const std::size_t c = size_class(bytes);
    if (!kPoolFrames || c >= kClasses) [[unlikely]]
      return allocate_large(bytes);
    ++live_frames_;
    live_bytes_ += c * kGrain;
    if (Block* b = free_[c]) {
      free_[c] = b->next;
      return b;
    }
    return carve(c);
  }

  void release(void* p, std::size_t bytes) noexcept {
    const std::size_t c = size_class(bytes);
    if (!kPoolFrames || c >= kClasses) [[unlikely]]
      return release_large(p, bytes);
    --live_frames_;
    live_bytes_ -= c * kGrain;
    free_[c] = ::new (p) Block{free_[c]};
  }

  FrameStats stats() const { return {live_frames_, live_bytes_, slab_bytes_}; }
  void free_slabs();  // at the end of the thread

 private:
  struct Block {
    Block* next;
  };
  struct Slab {
    Slab* next;
  };
  static constexpr std::size_t kGrain = 32;
  static constexpr std::size_t kClasses = 65;  // up to 2 KiB

  static std::size_t size_class(std::size_t bytes) { return (bytes + kGrain - 1) / kGrain; }
  void* carve(std::size_t c);
  void* allocate_large(std::size_t bytes);
  void release_large(void* p, std::size_t bytes) noexcept;

  std::array<Block*, kClasses> free_{};
  char* cursor_ = nullptr;
  char* end_ = nullptr;
  Slab* slabs_ = nullptr;
  std::uint64_t live_frames_ = 0;
  std::uint64_t live_bytes_ = 0;
  std::uint64_t slab_bytes_ = 0;
};

inline constinit thread_local FramePool frame_pool;

}  // namespace detail
}  // namespace fieldsim::des
