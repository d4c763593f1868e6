#include "sim/hardware/task_log.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::hardware {

Duration Split::total() const {
  Duration sum;
  for (const auto& row : at_)
    for (Duration d : row) sum += d;
  return sum;
}

Split& Split::operator+=(const Split& other) {
  for (std::size_t c = 0; c < kCategories; ++c)
    for (std::size_t l = 0; l < kLimiters; ++l) at_[c][l] += other.at_[c][l];
  return *this;
}

TaskLog::Id TaskLog::add(const char* what, Time begin, Time end, const Split& split,
                         const std::vector<Id>& after) {
  Task t{what,
         begin,
         end,
         static_cast<std::uint32_t>(parts_.size()),
         0,
         static_cast<std::uint32_t>(afters_.size()),
         static_cast<std::uint32_t>(after.size())};
  Duration sum;
  for (std::size_t c = 0; c < kCategories; ++c)
    for (std::size_t l = 0; l < kLimiters; ++l)
      if (const Duration d = split.at(c, l); d != Duration::zero()) {
        parts_.push_back({static_cast<Category>(c), static_cast<Limiter>(l), d});
        sum += d;
      }
  SIM_CHECK(sum == end - begin, std::string("the parts of a task are not its length: ") + what);
  t.parts = static_cast<std::uint32_t>(parts_.size()) - t.first_part;
  afters_.insert(afters_.end(), after.begin(), after.end());
  tasks_.push_back(t);
  return static_cast<Id>(tasks_.size() - 1);
}

void Trail::add(const char* what, Time begin, Time end, const Split& split) {
  if (log_ == nullptr) return;
  const TaskLog::Id task = log_->add(what, begin, end, split, heads_);
  heads_.assign(1, task);
}

void Trail::add(const char* what, Category c, Limiter l, Time begin, Time end) {
  if (log_ == nullptr) return;
  Split split;
  split.add(c, l, end - begin);
  add(what, begin, end, split);
}

void Trail::join(TaskLog::Id task) {
  if (log_ == nullptr || task == TaskLog::kNone) return;
  if (std::find(heads_.begin(), heads_.end(), task) == heads_.end()) heads_.push_back(task);
}

void Trail::join(const Trail& other) {
  for (TaskLog::Id task : other.heads_) join(task);
}

void Trail::follow(TaskLog::Id task) {
  if (log_ == nullptr || task == TaskLog::kNone) return;
  const Time decided = (*log_)[task].end;
  std::erase_if(heads_, [&](TaskLog::Id own) { return (*log_)[own].end <= decided; });
  join(task);
}

TaskLog::Id Trail::head() {
  if (log_ == nullptr) return TaskLog::kNone;
  if (heads_.size() == 1) return heads_.front();
  Time at;
  for (TaskLog::Id task : heads_) at = std::max(at, (*log_)[task].end);
  heads_.assign(1, log_->add("join", at, at, {}, heads_));
  return heads_.front();
}

void Trail::mark(TaskLog::Mark m) {
  if (log_ != nullptr) log_->mark(m, head());
}

}  // namespace fieldsim::hardware
