#pragma once
// What a run shows of itself while it runs: spans on tracks, counters, and flows that tie spans
// together. The engine holds a pointer to one sink, or none; components test the pointer first, so
// an untraced run pays one predictable branch.
#include <cstdint>
#include <string_view>

#include "sim/base/units.hpp"

namespace fieldsim::des {

struct TrackId {
  std::int32_t value = -1;
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // A row of the timeline, `name` under the group `device` ("gpu", "host", "link"); the same pair
  // gives the same track.
  virtual TrackId track(std::string_view device, std::string_view name) = 0;
  virtual void span(TrackId track, std::string_view name, Time begin, Time end) = 0;
  virtual void instant(TrackId track, std::string_view name, Time at) = 0;
  virtual void counter(std::string_view name, Time at, double value) = 0;
  // A flow binds to the span of `track` that covers `at`. Every begun flow must end.
  virtual void flow_begin(std::uint64_t id, TrackId track, std::string_view name, Time at) = 0;
  virtual void flow_step(std::uint64_t id, TrackId track, std::string_view name, Time at) = 0;
  virtual void flow_end(std::uint64_t id, TrackId track, std::string_view name, Time at) = 0;
};

}  // namespace fieldsim::des
