#pragma once
// The host side of optimistic verification: one worker thread that hashes payloads in the order
// they were submitted while the GPU goes on, and tells which boundary has its verdict.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "kernels/hash/sha256.hpp"
#include "validation/measure/timeline.hpp"

namespace fieldsim::measure {

class Verifier {
 public:
  struct Job {
    std::function<void()> wait_for_data;  // returns once `data` is there (a copy's event)
    const void* data = nullptr;
    std::size_t bytes = 0;
  };

  // `expected` is the digest every payload must have: the payload here is a stored, unchanging
  // anchor. Spans go to `timeline` when it is not null.
  Verifier(integrity::Digest expected, integrity::Sha256Blocks blocks, Timeline* timeline,
           int process);
  ~Verifier();  // finishes what was submitted
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  void submit(Job job);
  std::int64_t submitted() const { return submitted_; }
  // Blocks until at most `outstanding` submitted boundaries have no verdict.
  void wait_until_outstanding(std::int64_t outstanding);
  std::int64_t mismatches() const;

 private:
  void work();
  const integrity::Digest expected_;
  const integrity::Sha256Blocks blocks_;
  Timeline* const timeline_;
  const int process_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  std::int64_t submitted_ = 0;  // by the submitting thread only
  std::int64_t done_ = 0, mismatches_ = 0;
  bool closing_ = false;
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace fieldsim::measure
