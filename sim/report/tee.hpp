#pragma once
// One run seen by several trace sinks.
#include <vector>

#include "sim/des/trace.hpp"

namespace fieldsim::report {

class Tee : public des::TraceSink {
 public:
  void add(des::TraceSink& sink) { sinks_.push_back(&sink); }
  bool empty() const { return sinks_.empty(); }

  des::TrackId track(std::string_view device, std::string_view name) override {
    std::vector<des::TrackId> ids;
    for (des::TraceSink* s : sinks_) ids.push_back(s->track(device, name));
    for (std::size_t i = 0; i < tracks_.size(); ++i)
      if (tracks_[i].front().value == ids.front().value) return {static_cast<std::int32_t>(i)};
    tracks_.push_back(std::move(ids));
    return {static_cast<std::int32_t>(tracks_.size()) - 1};
  }
  void span(des::TrackId t, std::string_view name, Time begin, Time end) override {
    each(t, [&](auto& s, des::TrackId own) { s.span(own, name, begin, end); });
  }
  void instant(des::TrackId t, std::string_view name, Time at) override {
    each(t, [&](auto& s, des::TrackId own) { s.instant(own, name, at); });
  }
  void counter(std::string_view name, Time at, double value) override {
    for (des::TraceSink* s : sinks_) s->counter(name, at, value);
  }
  void flow_begin(std::uint64_t id, des::TrackId t, std::string_view name, Time at) override {
    each(t, [&](auto& s, des::TrackId own) { s.flow_begin(id, own, name, at); });
  }
  void flow_step(std::uint64_t id, des::TrackId t, std::string_view name, Time at) override {
    each(t, [&](auto& s, des::TrackId own) { s.flow_step(id, own, name, at); });
  }
  void flow_end(std::uint64_t id, des::TrackId t, std::string_view name, Time at) override {
    each(t, [&](auto& s, des::TrackId own) { s.flow_end(id, own, name, at); });
  }

 private:
  void each(des::TrackId t, const auto& call) {
    const auto& own = tracks_.at(static_cast<std::size_t>(t.value));
    for (std::size_t i = 0; i < sinks_.size(); ++i) call(*sinks_[i], own[i]);
  }

  std::vector<des::TraceSink*> sinks_;
  std::vector<std::vector<des::TrackId>> tracks_;  // by our id, each sink's own
};

}  // namespace fieldsim::report
