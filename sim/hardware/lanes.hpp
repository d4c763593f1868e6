#pragma once
// Which of several equal channels somebody holds, for the tracks of the timeline: the lowest that
// is free. Tracks appear when first used; without a trace nothing is done.
#include <string>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/trace.hpp"

namespace fieldsim::hardware {

class Lanes {
 public:
  Lanes(des::Engine& engine, std::string device, std::string name)
      : engine_(engine), device_(std::move(device)), name_(std::move(name)) {}

  std::size_t take() {
    std::size_t lane = 0;
    while (lane < taken_.size() && taken_[lane]) ++lane;
    if (lane == taken_.size()) {
      taken_.push_back(false);
      auto* trace = engine_.trace();
      tracks_.push_back(trace == nullptr
                            ? des::TrackId{}
                            : trace->track(device_, name_ + " " + std::to_string(lane)));
    }
    taken_[lane] = true;
    return lane;
  }
  // The holder is done: draws what it did since `began`.
  void give(std::size_t lane, const std::string& what, Time began) {
    taken_[lane] = false;
    if (auto* trace = engine_.trace(); trace != nullptr && engine_.now() > began)
      trace->span(tracks_[lane], what, began, engine_.now());
  }
  des::TrackId track(std::size_t lane) const { return tracks_[lane]; }

 private:
  des::Engine& engine_;
  std::string device_, name_;
  std::vector<bool> taken_;
  std::vector<des::TrackId> tracks_;
};

}  // namespace fieldsim::hardware
