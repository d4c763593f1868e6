// Built without instrumentation; see fiber.cpp.
#include "kernels/emu/grid.hpp"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "kernels/emu/fiber.hpp"
#include "kernels/emu/float16.hpp"

#if defined(FIELDSIM_EMU_TSAN)
extern "C" void __tsan_write16(void* address);  // NOLINT: the sanitizer's own name
#endif

namespace fieldsim::kernels::emu {
namespace {

constexpr int kLanes = 32;

// A barrier counts arrivals; waiters hold the epoch they wait to see the end of.
struct Barrier {
  int arrived = 0;
  std::uint64_t epoch = 0;
};

// One warp's exchange: operands of the collective under way, results of the last one. All lanes
// have read the results before the last lane can arrive at the next collective, so one
// convergence per collective is enough.
struct Warp {
  Barrier barrier;
  std::array<std::array<std::uint32_t, 10>, kLanes> in{};
  std::array<std::array<float, 4>, kLanes> out{};
};

struct Copy {
  std::uint32_t dst = 0;
  const void* src = nullptr;
  bool valid = false;
};

// Fixed rings instead of containers: TSan intercepts the allocator.
struct CopyQueue {
  static constexpr unsigned kCopies = 1024;
  static constexpr unsigned kGroups = 64;
  std::array<Copy, kCopies> copies;
  std::array<unsigned, kGroups> group_end{};
  unsigned first = 0, last = 0, first_group = 0, last_group = 0;
};

struct Thread {
  Fiber fiber;
  bool done = false;
  const std::uint64_t* wait_epoch = nullptr;  // blocked while *wait_epoch == wait_value
  std::uint64_t wait_value = 0;
  CopyQueue queue;
};

struct Machine {
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Warp> warps;
  Barrier block;
  std::deque<std::vector<std::uint8_t>> shared_pool;
  std::size_t next_shared = 0;
  std::uint8_t* shared = nullptr;
  std::size_t shared_bytes = 0;
  int thread_count = 0;
  int live = 0;
  int current = 0;
  int block_index = 0;
  const std::function<void()>* body = nullptr;
  Outcome outcome = Outcome::ok;
  Counters counters;
};
Machine machine;

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Thread& self() { return *machine.threads[static_cast<std::size_t>(machine.current)]; }
Warp& own_warp() { return machine.warps[static_cast<std::size_t>(machine.current / kLanes)]; }
std::size_t lane() { return static_cast<std::size_t>(machine.current % kLanes); }

// Waits until `expected` threads have arrived; the last one runs `leader` before it lets them go.
template <class Leader>
void converge(Barrier& barrier, int expected, Leader leader) {
  if (++barrier.arrived == expected) {
    leader();
    barrier.arrived = 0;
    ++barrier.epoch;
    return;
  }
  Thread& thread = self();
  thread.wait_epoch = &barrier.epoch;
  thread.wait_value = barrier.epoch;
  thread.fiber.suspend(false);
}

template <class Leader>
void converge_warp(Leader leader) {
  converge(own_warp().barrier, kLanes, leader);
}

bool in_range(std::uint32_t address) {
  const bool good = address % 16 == 0 && address + 16u <= machine.shared_bytes;
  if (!good) machine.outcome = Outcome::shared_out_of_range;
  return good;
}

// Through asm, so that no memcpy is emitted that a sanitizer would intercept.
void store16(void* to, __m128i v) { asm volatile("movdqu %1, (%0)" ::"r"(to), "x"(v) : "memory"); }
__m128i load16(const void* from) {
  __m128i v;
  asm volatile("movdqu (%1), %0" : "=x"(v) : "r"(from) : "memory");
  return v;
}

void land(const Copy& copy) {
  if (!in_range(copy.dst)) return;
  std::uint8_t* to = machine.shared + copy.dst;
#if defined(FIELDSIM_EMU_TSAN)
  __tsan_write16(to);
#endif
  store16(to, copy.valid ? load16(copy.src) : _mm_setzero_si128());
}

void thread_main(void*) {
  tsan_acquire(&machine.body);
  (*machine.body)();
  tsan_release(&machine.live);
  Thread& thread = self();
  thread.done = true;
  --machine.live;
}

// Keys for TSan: one per CTA barrier and warp, inside the CTA's own shared memory.
void* block_key() { return machine.shared; }
void* warp_key() { return machine.shared + 1 + machine.current / kLanes; }

void start_block(int index) {
  machine.block_index = index;
  machine.block = {};
  machine.live = machine.thread_count;
#if defined(FIELDSIM_EMU_TSAN)
  // Every CTA of a launch has shared memory of its own: two CTAs' is not the same memory.
  if (machine.next_shared == machine.shared_pool.size()) machine.shared_pool.emplace_back();
  std::vector<std::uint8_t>& storage = machine.shared_pool[machine.next_shared++];
  storage.resize(std::max(storage.size(), machine.shared_bytes + 1024));
#else
  if (machine.shared_pool.empty()) machine.shared_pool.emplace_back();
  std::vector<std::uint8_t>& storage = machine.shared_pool.front();
  storage.resize(machine.shared_bytes + 1024);
#endif
  const auto base = reinterpret_cast<std::uintptr_t>(storage.data());
  machine.shared = storage.data() + (1024 - base % 1024) % 1024;
  std::memset(machine.shared, 0xff, machine.shared_bytes);
  for (Warp& warp : machine.warps) warp.barrier = {};
  tsan_release(&machine.body);
  for (int t = 0; t < machine.thread_count; ++t) {
    Thread& thread = *machine.threads[static_cast<std::size_t>(t)];
    thread.done = false;
    thread.wait_epoch = nullptr;
    thread.queue.first = thread.queue.last = 0;
    thread.queue.first_group = thread.queue.last_group = 0;
    thread.fiber.start(thread_main, nullptr);
  }
}

// Runs the CTA's threads until all are done; false when none of them can go on.
bool run_block(std::uint64_t& random) {
  const auto n = static_cast<std::uint64_t>(machine.thread_count);
  while (machine.live > 0) {
    bool progress = false;
    const std::uint64_t r = next_random(random);
    const std::uint64_t start = r % n;
    const std::uint64_t stride = (r >> 32) | 1u;  // odd, so it visits all of a power of two
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t t = (start + i * stride) % n;
      Thread& thread = *machine.threads[t];
      if (thread.done) continue;
      if (thread.wait_epoch != nullptr && *thread.wait_epoch == thread.wait_value) continue;
      thread.wait_epoch = nullptr;
      machine.current = static_cast<int>(t);
      progress = true;
      thread.fiber.resume();
    }
    if (!progress) return false;
  }
  return true;
}

std::uint16_t half_of(std::uint32_t word, int k) {
  return static_cast<std::uint16_t>(word >> (16 * (k & 1)));
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::deadlock:
      return "deadlock";
    case Outcome::shared_out_of_range:
      return "shared address out of range";
  }
  return "unknown";
}

Counters& counters() { return machine.counters; }
int thread_index() { return machine.current; }
int block_index() { return machine.block_index; }
std::uint8_t* shared_bytes() { return machine.shared; }

Outcome launch(int grid, int threads, std::size_t smem_bytes, const std::function<void()>& body,
               std::uint64_t seed) {
  std::uint64_t random = seed;
  machine.thread_count = threads;
  machine.shared_bytes = smem_bytes;
  machine.next_shared = 0;
  machine.body = &body;
  machine.outcome = Outcome::ok;
  ++machine.counters.launches;
  while (static_cast<int>(machine.threads.size()) < threads)
    machine.threads.push_back(std::make_unique<Thread>());
  machine.warps.resize(static_cast<std::size_t>(threads / kLanes));
  std::vector<int> order(static_cast<std::size_t>(grid));
  for (int b = 0; b < grid; ++b) order[static_cast<std::size_t>(b)] = b;
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[next_random(random) % i]);
  for (int b : order) {
    ++machine.counters.ctas;
    start_block(b);
    if (!run_block(random)) {
      // The suspended fibers are abandoned: kernel code owns nothing that needs destroying.
      if (machine.outcome == Outcome::ok) machine.outcome = Outcome::deadlock;
      return machine.outcome;
    }
  }
  // Only here, so that CTAs stay unordered among themselves.
  tsan_acquire(&machine.live);
  reuse_stacks();
  return machine.outcome;
}

void count_exp2() { ++machine.counters.exp2; }
void count_partial_read(std::size_t bytes) { machine.counters.partial_bytes += bytes; }

void sync_warp() {
  tsan_release(warp_key());
  converge_warp([] {});
  tsan_acquire(warp_key());
}

void sync_block() {
  if (machine.current == 0) ++machine.counters.barriers;
  tsan_release(block_key());
  converge(machine.block, machine.thread_count, [] {});
  tsan_acquire(block_key());
}

void cp_async16(std::uint32_t dst, const void* src, bool valid) {
  CopyQueue& queue = self().queue;
  queue.copies[queue.last++ % CopyQueue::kCopies] = {dst, src, valid};
  if (in_range(dst)) store16(machine.shared + dst, _mm_set1_epi8(-1));
  ++machine.counters.copies;
  if (valid) machine.counters.global_bytes += 16;
}

void cp_commit() {
  CopyQueue& queue = self().queue;
  queue.group_end[queue.last_group++ % CopyQueue::kGroups] = queue.last;
}

void cp_wait(int pending) {
  CopyQueue& queue = self().queue;
  while (static_cast<int>(queue.last_group - queue.first_group) > pending) {
    const unsigned end = queue.group_end[queue.first_group++ % CopyQueue::kGroups];
    while (queue.first != end) land(queue.copies[queue.first++ % CopyQueue::kCopies]);
  }
}

// Matrix m of the four: rows named by lanes 8m..8m+7; lane l receives row l/4, elements 2(l%4),
// 2(l%4)+1; transposed, column l/4 of rows 2(l%4), 2(l%4)+1. PTX ISA, "ldmatrix".
void load_matrix(std::uint32_t (&r)[4], std::uint32_t row, bool transpose) {
  Warp& warp = own_warp();
  const std::size_t me = lane();
  warp.in[me][0] = in_range(row) ? row : 0;
  converge_warp([&] {
    ++machine.counters.load_matrix;
    const auto element = [&](std::size_t name, std::size_t i) {
      std::uint16_t v;
      std::memcpy(&v, machine.shared + warp.in[name][0] + 2 * i, 2);
      return std::uint32_t{v};
    };
    std::array<std::array<std::uint32_t, 4>, kLanes> result{};
    for (std::size_t l = 0; l < kLanes; ++l)
      for (std::size_t m = 0; m < 4; ++m) {
        const std::size_t i = 2 * (l % 4);
        const std::uint32_t lo = transpose ? element(m * 8 + i, l / 4) : element(m * 8 + l / 4, i);
        const std::uint32_t hi =
            transpose ? element(m * 8 + i + 1, l / 4) : element(m * 8 + l / 4, i + 1);
        result[l][m] = lo | hi << 16;
      }
    for (std::size_t l = 0; l < kLanes; ++l)
      for (std::size_t m = 0; m < 4; ++m) warp.in[l][1 + m] = result[l][m];
  });
  for (std::size_t m = 0; m < 4; ++m) r[m] = warp.in[me][1 + m];
}

// Fragment layouts of PTX ISA, "Matrix Fragments for mma.m16n8k16".
void mma(DType type, float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
         std::uint32_t b1) {
  Warp& warp = own_warp();
  const std::size_t me = lane();
  std::array<std::uint32_t, 10>& in = warp.in[me];
  for (std::size_t i = 0; i < 4; ++i) in[i] = a[i];
  in[4] = b0;
  in[5] = b1;
  converge_warp([&] {
    ++machine.counters.mma;
    float wide_a[16][16];
    float wide_b[16][8];
    for (std::size_t l = 0; l < kLanes; ++l) {
      const std::size_t g = l / 4;
      const std::size_t t = 2 * (l % 4);
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t h = 0; h < 2; ++h)
          wide_a[g + 8 * (i & 1)][t + 8 * (i >> 1) + h] =
              to_float(type, half_of(warp.in[l][i], static_cast<int>(h)));
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t h = 0; h < 2; ++h)
          wide_b[t + 8 * i + h][g] =
              to_float(type, half_of(warp.in[l][4 + i], static_cast<int>(h)));
    }
    float sum[16][8] = {};
    for (std::size_t row = 0; row < 16; ++row)
      for (std::size_t k = 0; k < 16; ++k)
        for (std::size_t column = 0; column < 8; ++column)
          sum[row][column] += wide_a[row][k] * wide_b[k][column];
    for (std::size_t l = 0; l < kLanes; ++l)
      for (std::size_t i = 0; i < 4; ++i)
        warp.out[l][i] = sum[l / 4 + 8 * (i >> 1)][2 * (l % 4) + (i & 1)];
  });
  for (std::size_t i = 0; i < 4; ++i) c[i] += warp.out[me][i];
}

float shuffle_xor(float value, int mask) {
  Warp& warp = own_warp();
  const std::size_t me = lane();
  warp.out[me][0] = value;
  converge_warp([&] {
    std::array<float, kLanes> copy{};
    for (std::size_t l = 0; l < kLanes; ++l) copy[l] = warp.out[l][0];
    for (std::size_t l = 0; l < kLanes; ++l)
      warp.out[l][1] = copy[l ^ static_cast<std::size_t>(mask)];
  });
  return warp.out[me][1];
}

unsigned arrive(std::uint32_t* counter, unsigned limit) {
  tsan_acquire(counter);
  const unsigned old = *counter;
  *counter = old >= limit ? 0 : old + 1;
  tsan_release(counter);
  return old;
}

}  // namespace fieldsim::kernels::emu
