#pragma once
// The pending events in their total order (time, sequence of push): a monotone radix queue.
//
// A time is read in 4-bit digits. An entry waits in the bucket (level, digit) of the highest digit
// in which its time differs from `base_`; the lowest bucket that is not empty holds the next
// events. A small bucket is sorted into `bottom_`, the window from which pops come; a large one is
// dealt out over the levels below. Every step keeps the order of arrival among equal times, so
// entries need no sequence number (16 bytes each) and ties cost nothing. An entry moves down at
// most 16 levels in its life, whatever the distribution of times: there is no width to tune and no
// cliff.
//
// Invariants: (1) base_ is at or before every bucketed entry and every entry still to be pushed,
// and buckets are placed relative to it; (2) every bucketed entry is at or after bottom_end_ >
// now(); (3) nothing is pushed before now(); entries at now() go to the lane, behind those in
// bottom_.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace fieldsim::des {

class EventQueue {
 public:
  struct Entry {
    std::uint64_t time;
    std::uint64_t what;  // opaque to the queue, but prefetched as if it were an address
  };
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  EventQueue();
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // REQUIRES: time >= now() and time <= kNoLimit.
  void push(std::uint64_t time, std::uint64_t what) {
    ++size_;
    if (time >= bottom_end_) return push_bucket({time, what});
    if (time == now_) return push_lane(what);
    insert_bottom({time, what});
  }

  // Takes the first entry if it is at or before `limit`.
  bool pop(Entry& out, std::uint64_t limit = kNoLimit) {
    if (lane_head_ != lane_tail_ && (head_ == tail_ || bottom_[head_].time != now_)) {
      if (now_ > limit) return false;
      out = {now_, lane_[lane_head_++ & lane_mask_]};
      --size_;
      return true;
    }
    if (head_ == tail_ && !refill(limit)) return false;
    const Entry e = bottom_[head_];
    if (e.time > limit) return false;
    ++head_;
    --size_;
    now_ = e.time;
    out = e;
    return true;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint64_t now() const { return now_; }

  // Sets the clock of an empty queue, back or forth.
  void rewind(std::uint64_t now);

  // Calls f(what) for every entry, in no particular order.
  template <class F>
  void for_each(F f) const;

  // Drops the entries for which drop(what) holds; the order of the others stays. O(size).
  template <class Drop>
  void remove_if(Drop drop);

 private:
  static constexpr unsigned kDigitBits = 4;
  static constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  static constexpr std::size_t kLevels = 64 / kDigitBits;
  static constexpr std::size_t kSortLimit = 48;   // buckets up to this are sorted at once
  static constexpr std::size_t kSpillLimit = 96;  // a window that grew beyond this is dealt out
  static constexpr std::size_t kChunkEntries = 31;
  static constexpr std::size_t kLargeLane =
      4096;  // a lane beyond this is given back when it is empty

  struct Chunk {
    Chunk* next;
    std::uint64_t count;
    std::array<Entry, kChunkEntries> entries;
  };
  struct Bucket {
    Chunk* first = nullptr;
    Chunk* last = nullptr;
    std::size_t count = 0;
  };

  void push_bucket(Entry e);
  void push_lane(std::uint64_t what) {
    if (lane_tail_ - lane_head_ > lane_mask_) [[unlikely]]
      grow_lane();
    lane_[lane_tail_++ & lane_mask_] = what;
  }
  void insert_bottom(Entry e);
  void append(Bucket& b, Entry e);
  bool refill(std::uint64_t limit);
  void load_bottom(Bucket& b, bool sorted);
  void deal_out(Bucket& b);
  void spill();
  void grow_lane();
  void shrink_lane();
  void reserve_bottom(std::size_t n);
  Chunk* take_chunk();
  void recycle(Chunk* c) {
    c->next = free_chunks_;
    free_chunks_ = c;
  }

  std::uint64_t now_ = 0;
  std::uint64_t bottom_end_ = 1;  // the window is [base_, bottom_end_)
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::unique_ptr<Entry[]> bottom_;
  std::size_t bottom_capacity_ = 0;
  std::size_t lane_head_ = 0;
  std::size_t lane_tail_ = 0;
  std::size_t lane_mask_ = 0;
  std::unique_ptr<std::uint64_t[]> lane_;
  std::size_t size_ = 0;
  std::uint64_t base_ = 0;
  std::size_t spill_at_ = kSpillLimit;
  std::uint32_t used_levels_ = 0;
  std::array<std::uint32_t, kLevels> used_digits_{};
  std::array<std::array<Bucket, kDigits>, kLevels> buckets_{};
  Chunk* free_chunks_ = nullptr;
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
  std::size_t slab_left_ = 0;
};

inline EventQueue::Chunk* EventQueue::take_chunk() {
  constexpr std::size_t kSlabChunks = 128;
  if (Chunk* c = free_chunks_) {
    free_chunks_ = c->next;
    return c;
  }
  if (slab_left_ == 0) {
    slabs_.push_back(std::make_unique_for_overwrite<Chunk[]>(kSlabChunks));
    slab_left_ = kSlabChunks;
  }
  return &slabs_.back()[kSlabChunks - slab_left_--];
}

inline void EventQueue::append(Bucket& b, Entry e) {
  Chunk* c = b.last;
  if (c == nullptr || c->count == kChunkEntries) [[unlikely]] {
    Chunk* fresh = take_chunk();
    fresh->next = nullptr;
    fresh->count = 0;
    (c == nullptr ? b.first : c->next) = fresh;
    b.last = c = fresh;
  }
  c->entries[c->count++] = e;
  ++b.count;
}

inline void EventQueue::push_bucket(Entry e) {
  // base_ itself differs in no digit and belongs to the first bucket of all.
  const auto top_bit = 63U - static_cast<unsigned>(std::countl_zero((e.time ^ base_) | 1));
  const std::size_t level = top_bit / kDigitBits;
  const std::size_t digit = (e.time >> (level * kDigitBits)) % kDigits;
  append(buckets_[level][digit], e);
  used_digits_[level] |= 1U << digit;
  used_levels_ |= 1U << level;
}

inline void EventQueue::insert_bottom(Entry e) {
  if (tail_ == bottom_capacity_) [[unlikely]]
    reserve_bottom(1);
  std::size_t i = tail_++;
  for (; i > head_ && bottom_[i - 1].time > e.time; --i) bottom_[i] = bottom_[i - 1];
  bottom_[i] = e;
  if (tail_ - head_ > spill_at_) [[unlikely]]
    spill();
}

template <class F>
void EventQueue::for_each(F f) const {
  for (std::size_t i = head_; i < tail_; ++i) f(bottom_[i].what);
  for (std::size_t i = lane_head_; i != lane_tail_; ++i) f(lane_[i & lane_mask_]);
  for (const auto& level : buckets_)
    for (const Bucket& b : level)
      for (const Chunk* c = b.first; c != nullptr; c = c->next)
        for (std::size_t i = 0; i < c->count; ++i) f(c->entries[i].what);
}

template <class Drop>
void EventQueue::remove_if(Drop drop) {
  std::size_t kept = head_;
  for (std::size_t i = head_; i < tail_; ++i)
    if (!drop(bottom_[i].what)) bottom_[kept++] = bottom_[i];
  size_ -= tail_ - kept;
  tail_ = kept;
  std::size_t lane_kept = lane_head_;
  for (std::size_t i = lane_head_; i != lane_tail_; ++i)
    if (!drop(lane_[i & lane_mask_])) lane_[lane_kept++ & lane_mask_] = lane_[i & lane_mask_];
  size_ -= lane_tail_ - lane_kept;
  lane_tail_ = lane_kept;
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t digit = 0; digit < kDigits; ++digit) {
      Bucket old = buckets_[level][digit];
      Bucket& b = buckets_[level][digit] = Bucket{};
      for (Chunk* c = old.first; c != nullptr;) {
        for (std::size_t i = 0; i < c->count; ++i)
          if (!drop(c->entries[i].what)) append(b, c->entries[i]);
        Chunk* next = c->next;
        recycle(c);
        c = next;
      }
      size_ -= old.count - b.count;
      if (b.count == 0) used_digits_[level] &= ~(1U << digit);
    }
    if (used_digits_[level] == 0) used_levels_ &= ~(1U << level);
  }
}

}  // namespace fieldsim::des
