#include "sim/report/study/ordered.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace fieldsim::report {

namespace {

class Pool {
 public:
  explicit Pool(const OrderedWork& work) : w_(work) {}

  void run() {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::clamp<std::size_t>(w_.jobs, 1, std::max<std::size_t>(w_.count, 1));
         ++i)
      threads.emplace_back([this] { worker(); });
    try {
      while (given_ < w_.count) deliver_ready();
    } catch (...) {
      stop();
      throw;
    }
  }

 private:
  // A slow point must not let results pile up behind it without end.
  static constexpr std::size_t kAhead = 4096;

  void worker() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [&] { return stopped_ || taken_ < given_ + kAhead; });
      if (stopped_ || taken_ == w_.count) return;
      const std::size_t mine = taken_++;
      lock.unlock();
      std::string text;
      std::exception_ptr failure;
      try {
        text = w_.work(mine);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure && !failure_) failure_ = failure;
      ready_.emplace(mine, std::move(text));
      if (failure_ || mine == given_) filled_.notify_one();
    }
  }

  void deliver_ready() {
    std::string text;
    std::size_t n = 0;
    {
      std::unique_lock lock(mutex_);
      filled_.wait_for(lock, std::chrono::milliseconds(100), [&] {
        return failure_ || (!ready_.empty() && ready_.begin()->first == given_);
      });
      if (failure_) std::rethrow_exception(failure_);
      while (!ready_.empty() && ready_.begin()->first == given_) {
        text += ready_.begin()->second;
        ready_.erase(ready_.begin());
        ++given_;
        ++n;
      }
    }
    room_.notify_all();
    if (n > 0) w_.deliver(std::move(text), n);
    if (w_.tick) w_.tick(given_);
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
  }

  const OrderedWork& w_;
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::size_t taken_ = 0, given_ = 0;
  std::map<std::size_t, std::string> ready_;
  std::exception_ptr failure_;
  bool stopped_ = false;
};

}  // namespace

void run_ordered(const OrderedWork& w) { Pool(w).run(); }

}  // namespace fieldsim::report
