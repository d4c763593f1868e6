#include "sim/recovery/commit_log.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::recovery {

BoundaryPtr CommitLog::begin(Time now) {
  SIM_CHECK(open_.empty() || open_.back()->is_closed, "a boundary began inside another");
  auto b = std::make_shared<Boundary>();
  b->index = next_index_++;
  b->first_token = next_token_;
  b->began = now;
  b->epoch = history(b->index).judged;
  b->check.boundary = b->index;
  open_.push_back(b);
  return b;
}

void CommitLog::add_token(hardware::Account spent, const Work& work) {
  Boundary& b = current();
  SIM_CHECK(!b.is_closed, "a token was added to a closed boundary");
  ++b.tokens;
  ++next_token_;
  b.spent += spent;
  b.work += work;
  if (keeps_steps_) b.steps.push_back({spent, work});
}

void CommitLog::close(Time now) {
  current().is_closed = true;
  current().closed = now;
}

std::vector<BoundaryPtr> CommitLog::verified(Boundary& boundary) {
  SIM_CHECK(boundary.is_closed && !boundary.check.cancelled, "a verdict for a discarded boundary");
  boundary.verified = true;
  std::vector<BoundaryPtr> committed;
  while (!open_.empty() && open_.front()->verified) {
    open_.front()->committed = true;
    committed_tokens_ += open_.front()->tokens;
    ++history(open_.front()->index).judged;
    committed.push_back(open_.front());
    open_.pop_front();
  }
  return committed;
}

BoundaryPtr CommitLog::find(const Boundary& boundary) const {
  const auto at = std::find_if(open_.begin(), open_.end(),
                               [&](const BoundaryPtr& b) { return b.get() == &boundary; });
  SIM_CHECK(at != open_.end(), "a boundary that is not open");
  return *at;
}

std::vector<BoundaryPtr> CommitLog::discard_from(const Boundary& boundary) {
  const auto first = std::find_if(open_.begin(), open_.end(),
                                  [&](const BoundaryPtr& b) { return b.get() == &boundary; });
  SIM_CHECK(first != open_.end(), "a rollback to a boundary that is not open");
  std::vector<BoundaryPtr> discarded(first, open_.end());
  open_.erase(first, open_.end());
  for (const BoundaryPtr& b : discarded) b->check.cancelled = true;
  next_index_ = boundary.index;
  next_token_ = boundary.first_token;
  return discarded;
}

std::vector<BoundaryPtr> CommitLog::keep_prefix(Boundary& boundary, std::int64_t tokens) {
  SIM_CHECK(keeps_steps_ && tokens > 0 && tokens <= boundary.tokens, "a prefix that is not there");
  std::vector<BoundaryPtr> lost;
  if (tokens < boundary.tokens) {
    auto cut = std::make_shared<Boundary>();
    cut->index = boundary.index;
    cut->first_token = boundary.first_token + tokens;
    cut->tokens = boundary.tokens - tokens;
    cut->began = boundary.began;
    cut->closed = boundary.closed;
    for (auto i = static_cast<std::size_t>(tokens); i < boundary.steps.size(); ++i) {
      cut->spent += boundary.steps[i].spent;
      cut->work += boundary.steps[i].work;
    }
    boundary.spent -= cut->spent;
    boundary.work -= cut->work;
    boundary.tokens = tokens;
    lost.push_back(cut);
  }
  next_index_ = boundary.index + 1;
  next_token_ = boundary.first_token + tokens;
  while (open_.back().get() != &boundary) {
    open_.back()->check.cancelled = true;
    lost.insert(lost.begin() + (lost.empty() || lost.front()->index != boundary.index ? 0 : 1),
                open_.back());
    open_.pop_back();
  }
  return lost;
}

std::vector<BoundaryPtr> CommitLog::restart() {
  std::vector<BoundaryPtr> discarded(open_.begin(), open_.end());
  for (const BoundaryPtr& b : discarded) b->check.cancelled = true;
  open_.clear();
  next_index_ = next_token_ = committed_tokens_ = 0;
  return discarded;
}

CommitLog::History& CommitLog::history(std::int64_t index) {
  const auto i = static_cast<std::size_t>(index);
  if (history_.size() <= i) history_.resize(i + 1);
  return history_[i];
}

std::int64_t CommitLog::failures(std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  return i < history_.size() ? history_[i].failures : 0;
}

void CommitLog::count_failure(std::int64_t index) {
  ++history(index).judged;
  ++history(index).failures;
}

void CommitLog::count_open() {
  for (std::size_t i = 1; i < open_.size(); ++i) ++history(open_[i]->index).judged;
}

void CommitLog::forgive(std::int64_t index) { history(index).failures = 0; }

Work CommitLog::in_flight() const {
  Work w;
  for (const BoundaryPtr& b : open_) w += b->work;
  return w;
}

}  // namespace fieldsim::recovery
