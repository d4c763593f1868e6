#include "sim/hardware/gpu/tile/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::tile {
namespace {

// Throughput of an SM with n of `slots.ctas` residents: linear between alone and full.
double throughput(const SmSlots& slots, std::int64_t n) {
  if (slots.ctas <= 1) return 1.0;
  const double share = static_cast<double>(n - 1) / static_cast<double>(slots.ctas - 1);
  return slots.alone + (1.0 - slots.alone) * share;
}

// Time for n equal CTAs that share one SM from start to end.
double together(const SmSlots& slots, std::int64_t n, double work) {
  return n == 0 ? 0.0 : static_cast<double>(n) * work / throughput(slots, n);
}

double uniform_makespan(std::int64_t ctas, double work, const SmSlots& slots) {
  const std::int64_t wave = slots.sms * slots.ctas;
  const std::int64_t whole = ctas / wave, rest = ctas % wave;
  // The CTAs of a partial wave spread over the SMs before they double up.
  return static_cast<double>(whole) * together(slots, slots.ctas, work) +
         together(slots, (rest + slots.sms - 1) / slots.sms, work);
}

// One slot per SM: the earliest free SM takes the next CTA.
class OneSlot {
 public:
  explicit OneSlot(std::int64_t sms) : free_(static_cast<std::size_t>(sms), 0.0) {}

  void take(double work, std::int64_t count) {
    const auto sms = static_cast<std::int64_t>(free_.size());
    if (work <= 0) return;
    if (count > 2 * sms) count = fill(work, count);
    for (; count > 0; --count) replace_first(free_.front() + work);
  }
  double end() const { return *std::max_element(free_.begin(), free_.end()); }

 private:
  // The earliest SM is busy until `until`: sift down in the min-heap.
  void replace_first(double until) {
    const std::size_t n = free_.size();
    std::size_t i = 0;
    for (std::size_t child = 1; child < n; child = 2 * i + 1) {
      if (child + 1 < n && free_[child + 1] < free_[child]) ++child;
      if (free_[child] >= until) break;
      free_[i] = free_[child];
      i = child;
    }
    free_[i] = until;
  }
  // Gives every SM the equal CTAs that it is sure to take; returns how many are left to place.
  std::int64_t fill(double work, std::int64_t count) {
    const auto sms = static_cast<double>(free_.size());
    double sum = 0;
    for (const double f : free_) sum += f;
    // Below this level every start is among the `count` earliest, whatever the rounding.
    const double level = (sum + static_cast<double>(count) * work) / sms - 2 * work;
    std::int64_t left = count;
    std::vector<double> next = free_;
    for (double& f : next) {
      if (f >= level) continue;
      const double n = std::floor((level - f) / work);
      f += n * work;
      left -= static_cast<std::int64_t>(n);
    }
    if (left < 0) return count;  // free times too far apart for the bound: place one by one
    free_ = std::move(next);
    std::make_heap(free_.begin(), free_.end(), std::greater<>());
    return left;
  }
  std::vector<double> free_;
};

// Several slots per SM: residents progress together, each at an equal share of the SM's throughput.
// CTAs that end at one instant all leave before the next ones are placed, breadth first.
class SharedSlots {
 public:
  explicit SharedSlots(const SmSlots& slots)
      : slots_(slots),
        sms_(static_cast<std::size_t>(slots.sms)),
        open_(static_cast<std::size_t>(slots.ctas)) {
    SIM_CHECK(slots.ctas <= kMostResidents, "more CTAs per SM than the schedule is made for");
    for (std::size_t i = 0; i < sms_.size(); ++i) open_[0].push_back(i);
    queue_.reserve(sms_.size() + 1);
    for (std::int64_t n = 1; n <= slots.ctas; ++n)
      share_[static_cast<std::size_t>(n)] = throughput(slots, n) / static_cast<double>(n);
  }

  void take(double work, std::int64_t count) {
    for (; count > 0; --count) {
      while (!place(work)) advance();
    }
  }
  double end() {
    for (reschedule(); !queue_.empty(); reschedule()) advance();
    return now_;
  }

 private:
  static constexpr std::int64_t kMostResidents = 32;
  static constexpr double kSameInstant = 1e-9;
  struct Sm {
    std::array<double, kMostResidents> left{};  // work of the residents
    std::size_t n = 0;
    double since = 0;
    bool dirty = false;
  };
  using Item = std::pair<double, std::size_t>;  // when the next resident of which SM ends

  bool place(double work) {
    for (; lowest_ < open_.size(); ++lowest_) {
      auto& sms = open_[lowest_];
      if (head_ == sms.size()) {
        head_ = 0;
        continue;
      }
      // Ties go to the lowest SM, as in the event simulation.
      if (head_ == 0) std::sort(sms.begin(), sms.end());
      const std::size_t i = sms[head_++];
      Sm& sm = sms_[i];
      sm.left[sm.n++] = work;
      mark(i);
      if (lowest_ + 1 < open_.size()) open_[lowest_ + 1].push_back(i);
      return true;
    }
    return false;
  }
  void mark(std::size_t i) {
    if (sms_[i].dirty) return;
    sms_[i].dirty = true;
    dirty_.push_back(i);
  }
  void reschedule() {
    for (const std::size_t i : dirty_) {
      Sm& sm = sms_[i];
      sm.dirty = false;
      sm.since = now_;
      if (sm.n == 0) continue;
      const double least = *std::min_element(sm.left.begin(), sm.left.begin() + sm.n);
      queue_.emplace_back(now_ + least / share_[sm.n], i);
      std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
    }
    dirty_.clear();
  }
  // To the next instant at which CTAs end; every one of them leaves.
  void advance() {
    reschedule();
    now_ = queue_.front().first;
    // place() failed, or no CTA is left to place: no slot that was open before matters.
    for (auto& sms : open_) sms.clear();
    head_ = 0;
    lowest_ = open_.size();
    while (!queue_.empty() && queue_.front().first <= now_ * (1 + kSameInstant)) {
      const std::size_t i = queue_.front().second;
      std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
      queue_.pop_back();
      Sm& sm = sms_[i];
      const double done = (now_ - sm.since) * share_[sm.n];
      const double bound =
          std::max(done, *std::min_element(sm.left.begin(), sm.left.begin() + sm.n)) *
          (1 + kSameInstant);
      std::size_t kept = 0;
      for (std::size_t k = 0; k < sm.n; ++k)
        if (sm.left[k] > bound) sm.left[kept++] = sm.left[k] - done;
      sm.n = kept;
      mark(i);
      open_[kept].push_back(i);
      lowest_ = std::min(lowest_, kept);
    }
  }

  SmSlots slots_;
  std::array<double, kMostResidents + 1> share_{};  // speed of one of n residents
  std::vector<Sm> sms_;
  std::vector<std::vector<std::size_t>> open_;  // SMs with a free slot, by how many residents
  std::size_t lowest_ = 0, head_ = 0;           // where in open_ the next CTA goes
  std::vector<std::size_t> dirty_;
  std::vector<Item> queue_;
  double now_ = 0;
};

// Runs of the grid in order, with the index of the first run that is scheduled exactly.
struct Tail {
  double fluid = 0;  // work before it, summed over CTAs
  std::vector<std::pair<double, std::int64_t>> runs;
};

Tail tail_of(const Grid& grid, const CtaCost& cost, std::int64_t exact) {
  Tail tail;
  std::int64_t kept = 0;
  bool open = true;
  double period_work = 0;
  for (const CtaRun& r : grid.runs) period_work += cost.of(r.steps) * static_cast<double>(r.repeat);
  for (std::int64_t p = grid.repeats; p-- > 0;) {
    for (std::size_t g = grid.groups.size(); g-- > 0;) {
      const std::int64_t heads = grid.groups[g];
      if (!open) {
        tail.fluid += period_work * static_cast<double>(heads);
        continue;
      }
      for (std::size_t i = grid.runs.size(); i-- > 0;) {
        const CtaRun& run = grid.runs[i];
        const std::int64_t n = run.repeat * heads;
        const double work = cost.of(run.steps);
        if (open) {
          tail.runs.emplace_back(work, n);
          kept += n;
          open = kept < exact;
        } else {
          tail.fluid += work * static_cast<double>(n);
        }
      }
    }
    if (!open && p > 0) {  // whole requests at once
      double heads = 0;
      for (const std::int64_t h : grid.groups) heads += static_cast<double>(h);
      tail.fluid += period_work * heads * static_cast<double>(p);
      break;
    }
  }
  std::reverse(tail.runs.begin(), tail.runs.end());
  return tail;
}

}  // namespace

std::int64_t Grid::ctas() const {
  std::int64_t per_group = 0, heads = 0;
  for (const CtaRun& r : runs) per_group += r.repeat;
  for (const std::int64_t g : groups) heads += g;
  return per_group * heads * repeats;
}

double Grid::steps() const {
  double per_group = 0, heads = 0;
  for (const CtaRun& r : runs) per_group += r.steps * static_cast<double>(r.repeat);
  for (const std::int64_t g : groups) heads += static_cast<double>(g);
  return per_group * heads * static_cast<double>(repeats);
}

double Grid::longest() const {
  double most = 0;
  for (const CtaRun& r : runs) most = std::max(most, r.steps);
  return most;
}

bool Grid::uniform() const {
  return std::all_of(runs.begin(), runs.end(),
                     [this](const CtaRun& r) { return r.steps == runs.front().steps; });
}

double makespan(const Grid& grid, const CtaCost& cost, const SmSlots& slots) {
  SIM_CHECK(slots.sms >= 1 && slots.ctas >= 1, "a grid runs on at least one SM slot");
  if (grid.runs.empty()) return 0;
  if (grid.uniform()) return uniform_makespan(grid.ctas(), cost.of(grid.runs.front().steps), slots);
  const std::int64_t waves = slots.ctas == 1 ? kExactWaves : kExactSharedWaves;
  const Tail tail = tail_of(grid, cost, waves * slots.sms * slots.ctas);
  const double fluid = tail.fluid / static_cast<double>(slots.sms);
  if (slots.ctas == 1) {
    OneSlot sms(slots.sms);
    for (const auto& [work, n] : tail.runs) sms.take(work, n);
    return fluid + sms.end();
  }
  SharedSlots sms(slots);
  for (const auto& [work, n] : tail.runs) sms.take(work, n);
  return fluid + sms.end();
}

}  // namespace fieldsim::hardware::tile
