#pragma once
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sim/des/trace.hpp"

namespace fieldsim::test {

// What is shown of a run while it lasts. A drawn scenario shows some ten thousand things at most:
// one that shows a hundred times as many goes round in circles.
class Watch : public des::TraceSink {
 public:
  explicit Watch(std::int64_t most) : most_(most) {}
  bool time_goes_back = false;

  des::TrackId track(std::string_view process, std::string_view) override {
    agents_.push_back(process == "agents" || process == "requests" || process == "verdicts");
    return {static_cast<std::int32_t>(agents_.size()) - 1};
  }
  void span(des::TrackId track, std::string_view, Time begin, Time end) override {
    time_goes_back = time_goes_back || end < begin;
    if (!agents_[static_cast<std::size_t>(track.value)]) return count();
    see(end);
  }
  void instant(des::TrackId, std::string_view, Time t) override { see(t); }
  void counter(std::string_view name, Time t, double) override {
    if (name != "unverified tokens" && name != "provenance vertices") return count();
    see(t);
  }
  void flow_begin(std::uint64_t, des::TrackId, std::string_view, Time) override {}
  void flow_step(std::uint64_t, des::TrackId, std::string_view, Time) override {}
  void flow_end(std::uint64_t, des::TrackId, std::string_view, Time) override {}

 private:
  void count() {
    if (++seen_ > most_) throw std::runtime_error("I11: the run does not come to an end");
  }
  void see(Time t) {
    count();
    time_goes_back = time_goes_back || t < last_;
    last_ = t;
  }
  std::vector<bool> agents_;  // by track; parts of the machine draw copies and kernels afterwards
  std::int64_t most_, seen_ = 0;
  Time last_;
};

}  // namespace fieldsim::test
