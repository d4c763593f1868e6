#pragma once
// The executed task graph: what ran, from when to when, what set its length, and after what it ran.
// A log is attached to a machine or is absent; a Trail is one process's place in it. A task begins
// when the last of the tasks before it has ended: what a process waited for is an edge, not a gap
// (tests/property/explain).
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"

namespace fieldsim::hardware {

// What a length follows from. Rates: twice as much halves the part; times: half as much does.
enum class Limiter {
  memory,          // device memory bandwidth
  memory_latency,  // first access of a kernel
  arithmetic,      // matrix and vector rates
  cache,           // L2
  launch,          // gaps between kernels that the host launches
  graph,           // gaps between kernels of a replayed graph
  tree_hash,       // bytes hashed on the device
  tree_level,      // levels of that tree
  step,            // the host's part of a serving step
  pinned,          // a time that the scenario gives
  link,            // bytes between device and host
  staging,         // the host's copies of pageable memory
  submit,          // the host enqueues a copy
  dma_start,       // until its first byte moves
  wake_up,         // the host waits for the device
  hash,            // bytes through host cores
  hash_call,       // fixed cost of a digest
  merkle,          // nodes of a Merkle path
  signature,       // signatures of a tree head
  round_trip,      // to the ledger and back
  log_commit,      // the ledger's write
  scheme,          // what a verification scheme adds, by its own figures
  repair,          // block tables after a failed verdict
  queue,           // a core, copy engine or bandwidth that somebody else uses
};
inline constexpr std::size_t kLimiters = 24;
inline constexpr std::array<std::string_view, kLimiters> kLimiterNames = {
    "device memory bandwidth",
    "device memory latency",
    "device arithmetic",
    "device L2",
    "kernel launch",
    "kernel launch in a graph",
    "device tree hashing",
    "device tree levels",
    "host step",
    "pinned step",
    "link bandwidth",
    "pageable staging",
    "copy submission",
    "DMA start",
    "wake-up",
    "host hashing",
    "hash call",
    "Merkle path",
    "signatures",
    "ledger round trip",
    "ledger commit",
    "verification scheme",
    "rollback repair",
    "queue for a shared unit"};

// A length by what it was spent for and what set it.
class Split {
 public:
  void add(Category c, Limiter l, Duration d) {
    at_[static_cast<std::size_t>(c)][static_cast<std::size_t>(l)] += d;
  }
  Duration at(std::size_t category, std::size_t limiter) const { return at_[category][limiter]; }
  Duration operator[](Limiter l) const {
    Duration sum;
    for (const auto& row : at_) sum += row[static_cast<std::size_t>(l)];
    return sum;
  }
  Duration total() const;
  Split& operator+=(const Split& other);

 private:
  std::array<std::array<Duration, kLimiters>, kCategories> at_{};
};

// A length taken apart: each part at most what is left, the rest was waiting.
class Peel {
 public:
  Peel(Category c, Duration whole) : category_(c), left_(whole) {}
  Peel& take(Limiter l, Duration most) {
    const Duration d = most < left_ ? most : left_;
    split_.add(category_, l, d);
    left_ -= d;
    return *this;
  }
  Split rest(Limiter l = Limiter::queue) {
    take(l, left_);
    return split_;
  }

 private:
  Split split_;
  Category category_;
  Duration left_;
};

class TaskLog {
 public:
  using Id = std::int32_t;
  static constexpr Id kNone = -1;

  struct Part {
    Category category = Category::host;
    Limiter limiter = Limiter::pinned;
    Duration length;
  };
  struct Task {
    const char* what = "";  // class of the task, a literal: "decode step"
    Time begin, end;
    std::uint32_t first_part = 0, parts = 0;    // the lengths of its parts sum to its own
    std::uint32_t first_after = 0, afters = 0;  // tasks that ended before it could begin
  };
  // Moments that paths are asked for.
  enum class Mark { decode_began, first_token, decode_ended, drained };

  // REQUIRES: the parts of `split` sum to end - begin.
  Id add(const char* what, Time begin, Time end, const Split& split, const std::vector<Id>& after);
  void mark(Mark m, Id at) { marks_[static_cast<std::size_t>(m)] = at; }
  Id marked(Mark m) const { return marks_[static_cast<std::size_t>(m)]; }

  const std::vector<Task>& tasks() const { return tasks_; }
  const Task& operator[](Id id) const { return tasks_[static_cast<std::size_t>(id)]; }
  const Part* parts(const Task& t) const { return parts_.data() + t.first_part; }
  const Id* afters(const Task& t) const { return afters_.data() + t.first_after; }

 private:
  std::vector<Task> tasks_;
  std::vector<Part> parts_;
  std::vector<Id> afters_;
  std::array<Id, 4> marks_{kNone, kNone, kNone, kNone};
};

// The newest tasks of one process: what its next task comes after. Without a log nothing is done.
class Trail {
 public:
  Trail() = default;
  explicit Trail(TaskLog* log) : log_(log) {}
  explicit operator bool() const { return log_ != nullptr; }

  void add(const char* what, Time begin, Time end, const Split& split);
  // All of it one part.
  void add(const char* what, Category c, Limiter l, Time begin, Time end);

  // The next task also comes after these.
  void join(TaskLog::Id task);
  void join(const Trail& other);
  // What made the process go on, of two that it waited for: `task`, unless its own newest task
  // ended later still.
  void follow(TaskLog::Id task);
  // One task that stands for all before it, for others to come after.
  TaskLog::Id head();
  void mark(TaskLog::Mark m);

 private:
  TaskLog* log_ = nullptr;
  std::vector<TaskLog::Id> heads_;
};

// The places of a resource, as their holders gave them back: the n-th holder of k places comes
// after the (n - k)-th release.
class Places {
 public:
  explicit Places(std::int64_t count) : count_(count) {}
  void taken(Trail& by) {
    const std::int64_t before = taken_++ - count_;
    if (by && before >= 0) by.join(given_[static_cast<std::size_t>(before)]);
  }
  void given(Trail& by) {
    if (by) given_.push_back(by.head());
  }

 private:
  std::int64_t count_, taken_ = 0;
  std::vector<TaskLog::Id> given_;
};

}  // namespace fieldsim::hardware
