#pragma once
// Runs a kernel body on the CPU with one operating-system thread per CUDA thread and a real
// barrier, so that a missing barrier is a data race that the thread sanitizer sees. CTAs run one
// after another, last first, each on poisoned shared memory.
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

namespace cpu {

struct Block {
  int thread_index;
  std::int64_t block_index;
  std::uint32_t* words;
  std::barrier<>* barrier;
  int thread() const { return thread_index; }
  std::int64_t block() const { return block_index; }
  void sync() const { barrier->arrive_and_wait(); }
  std::uint32_t* shared() const { return words; }
};

template <class Body>
void launch(std::int64_t blocks, int threads, int shared_words, const Body& body) {
  for (std::int64_t b = blocks - 1; b >= 0; --b) {
    std::vector<std::uint32_t> words(static_cast<std::size_t>(shared_words), 0xffffffffu);
    std::barrier<> barrier(threads);
    std::vector<std::jthread> running;
    running.reserve(static_cast<std::size_t>(threads));
    for (int t = 0; t < threads; ++t)
      running.emplace_back([&, t] { body(Block{t, b, words.data(), &barrier}); });
  }
}

}  // namespace cpu
