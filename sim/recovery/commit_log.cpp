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
  b->check.boundary = b->index;
  open_.push_back(b);
  return b;
}

void CommitLog::add_token(hardware::Account spent) {
  Boundary& b = current();
  SIM_CHECK(!b.is_closed, "a token was added to a closed boundary");
  ++b.tokens;
  ++next_token_;
  b.spent += spent;
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
    committed_tokens_ += open_.front()->tokens;
    committed.push_back(open_.front());
    open_.pop_front();
  }
  return committed;
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

std::int64_t CommitLog::failures(std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  return i < failures_.size() ? failures_[i] : 0;
}

void CommitLog::count_failure(std::int64_t index) {
  const auto i = static_cast<std::size_t>(index);
  if (failures_.size() <= i) failures_.resize(i + 1);
  ++failures_[i];
}

bool closes(const verify::BoundaryParams& params, const Boundary& b, Time now, Bytes kv_bytes) {
  const verify::BoundaryRules& r = params.rules();
  return (r.every_tokens && b.tokens >= *r.every_tokens) ||
         (r.every && now - b.began >= *r.every) ||
         (r.dirty_bytes && kv_bytes * b.tokens >= *r.dirty_bytes);
}

}  // namespace fieldsim::recovery
