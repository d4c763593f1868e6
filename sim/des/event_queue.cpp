#include "sim/des/event_queue.hpp"

#include <algorithm>

namespace fieldsim::des {

namespace {
constexpr std::size_t kCacheLine = 64;
}

EventQueue::EventQueue() {
  reserve_bottom(2 * kSpillLimit);
  grow_lane();
}

EventQueue::~EventQueue() = default;

void EventQueue::rewind(std::uint64_t now) {
  now_ = base_ = now;
  bottom_end_ = now + 1;
  head_ = tail_ = 0;
  spill_at_ = kSpillLimit;
}

// Makes room for n more entries behind tail_.
void EventQueue::reserve_bottom(std::size_t n) {
  const std::size_t used = tail_ - head_;
  if (used + n > bottom_capacity_ / 2) {
    std::size_t capacity = std::max<std::size_t>(bottom_capacity_, 64);
    while (used + n > capacity / 2) capacity *= 2;
    auto larger = std::make_unique_for_overwrite<Entry[]>(capacity);
    std::copy_n(bottom_.get() + head_, used, larger.get());
    bottom_ = std::move(larger);
    bottom_capacity_ = capacity;
  } else {
    std::copy_n(bottom_.get() + head_, used, bottom_.get());
  }
  head_ = 0;
  tail_ = used;
}

void EventQueue::grow_lane() {
  const std::size_t used = lane_tail_ - lane_head_;
  const std::size_t capacity = std::max<std::size_t>(2 * used, 64);
  auto larger = std::make_unique_for_overwrite<std::uint64_t[]>(capacity);
  for (std::size_t i = 0; i < used; ++i) larger[i] = lane_[(lane_head_ + i) & lane_mask_];
  lane_ = std::move(larger);
  lane_mask_ = capacity - 1;
  lane_head_ = 0;
  lane_tail_ = used;
}

void EventQueue::shrink_lane() {
  lane_.reset();
  lane_mask_ = lane_head_ = lane_tail_ = 0;
  grow_lane();
}

// Brings the next window into the empty bottom_, unless it begins after `limit`.
bool EventQueue::refill(std::uint64_t limit) {
  if (lane_mask_ >= kLargeLane) [[unlikely]]
    shrink_lane();  // it is empty, or we were not here
  for (;;) {
    if (used_levels_ == 0) return false;
    const auto level = static_cast<std::size_t>(std::countr_zero(used_levels_));
    const auto digit = static_cast<std::size_t>(std::countr_zero(used_digits_[level]));
    const auto shift = static_cast<unsigned>(level * kDigitBits);
    const std::uint64_t width = std::uint64_t{1} << shift;
    const std::uint64_t above = ~((width << (kDigitBits - 1) << 1) - 1);
    const std::uint64_t start = (base_ & above) | (std::uint64_t{digit} << shift);
    if (start > limit) return false;
    used_digits_[level] &= ~(1U << digit);
    if (used_digits_[level] == 0) used_levels_ &= ~(1U << level);
    base_ = start;
    Bucket b = buckets_[level][digit];
    buckets_[level][digit] = Bucket{};
    if (level == 0 || b.count <= kSortLimit) {
      bottom_end_ = start + width;
      spill_at_ = kSpillLimit;
      load_bottom(b, level == 0);
      return true;
    }
    bottom_end_ = start + 1;  // if `limit` stops us below, nothing is left at `start` itself
    deal_out(b);
  }
}

// Copies a bucket into bottom_; a bucket of level 0 holds one time only and is in order already.
void EventQueue::load_bottom(Bucket& b, bool sorted) {
  head_ = tail_ = 0;
  if (b.count > bottom_capacity_ / 2) reserve_bottom(b.count);
  for (Chunk* c = b.first; c != nullptr;) {
    for (std::size_t i = 0; i < c->count; ++i) {
      const Entry e = c->entries[i];
      // With many pending events the frame is in no cache: ask for it now, before its turn comes.
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      const auto* frame = reinterpret_cast<const char*>(static_cast<std::uintptr_t>(e.what));
      __builtin_prefetch(frame);
      __builtin_prefetch(frame + kCacheLine);
      std::size_t at = tail_++;
      if (!sorted)  // insertion sort: stable, and the fastest for a few dozen
        for (; at > 0 && bottom_[at - 1].time > e.time; --at) bottom_[at] = bottom_[at - 1];
      bottom_[at] = e;
    }
    Chunk* next = c->next;
    recycle(c);
    c = next;
  }
}

void EventQueue::deal_out(Bucket& b) {
  for (Chunk* c = b.first; c != nullptr;) {
    for (std::size_t i = 0; i < c->count; ++i) push_bucket(c->entries[i]);
    Chunk* next = c->next;
    recycle(c);
    c = next;
  }
}

// Too many entries were pushed into the window: keep the first few and deal out the others.
void EventQueue::spill() {
  // A whole group of ties stays on one side of the cut: dealt out, lest every push in front of it
  // moves it, unless it is at now(), where nothing is pushed in front.
  std::size_t cut = head_ + kSortLimit;
  const std::uint64_t tied = bottom_[cut].time;
  while (cut > head_ && bottom_[cut - 1].time == tied) --cut;
  if (tied == now_)
    while (cut < tail_ && bottom_[cut].time == tied) ++cut;
  spill_at_ = std::max(kSpillLimit, 2 * (cut - head_));
  if (cut == tail_) return;
  // base_ may move up as long as no bucketed entry's highest differing digit changes.
  const auto lowest = static_cast<unsigned>(std::countr_zero(used_levels_ | 1U << (kLevels - 1)));
  if (now_ > base_ && ((base_ ^ now_) >> (lowest * kDigitBits)) == 0) base_ = now_;
  bottom_end_ = bottom_[cut].time;
  for (std::size_t i = cut; i < tail_; ++i) push_bucket(bottom_[i]);
  tail_ = cut;
}

}  // namespace fieldsim::des
