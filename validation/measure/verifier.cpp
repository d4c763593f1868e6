#include "validation/measure/verifier.hpp"

#include "validation/measure/budget.hpp"

namespace fieldsim::measure {

Verifier::Verifier(integrity::Digest expected, integrity::Sha256Blocks blocks, Timeline* timeline,
                   int process)
    : expected_(expected), blocks_(blocks), timeline_(timeline), process_(process), thread_([this] {
        work();
      }) {}

Verifier::~Verifier() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
}

void Verifier::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
    ++submitted_;
  }
  changed_.notify_all();
}

void Verifier::wait_until_outstanding(std::int64_t outstanding) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return submitted_ - done_ <= outstanding; });
}

std::int64_t Verifier::mismatches() const {
  const std::lock_guard lock(mutex_);
  return mismatches_;
}

void Verifier::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    if (job.wait_for_data) job.wait_for_data();
    const double begin = steady_seconds();
    const bool same = integrity::sha256(job.data, job.bytes, blocks_) == expected_;
    if (timeline_ != nullptr)
      timeline_->span(process_, "hash worker", "sha256", begin, steady_seconds());
    {
      const std::lock_guard lock(mutex_);
      ++done_;
      mismatches_ += same ? 0 : 1;
    }
    changed_.notify_all();
  }
}

}  // namespace fieldsim::measure
