#pragma once
// The timeline as Chrome trace JSON, which Perfetto opens: a process for each device, a thread for
// each track. Time stamps are microseconds with six decimals: picoseconds, exactly.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/des/trace.hpp"

namespace fieldsim::report {

class ChromeTrace : public des::TraceSink {
 public:
  des::TrackId track(std::string_view device, std::string_view name) override;
  void span(des::TrackId track, std::string_view name, Time begin, Time end) override;
  void instant(des::TrackId track, std::string_view name, Time at) override;
  void counter(std::string_view name, Time at, double value) override;
  void flow_begin(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;
  void flow_step(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;
  void flow_end(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;

  // The whole file, events in order of time; of spans that begin together, the longest first.
  std::string json() const;

 private:
  struct Event {
    Time at;
    Duration length;
    std::uint64_t order;
    std::string text;  // of the event, without its time stamps
  };
  void add(Time at, Duration length, std::string text);
  void flow(char phase, std::uint64_t id, des::TrackId track, std::string_view name, Time at);
  std::string place(des::TrackId track) const;

  std::map<std::string, std::int32_t, std::less<>> devices_;
  std::vector<std::pair<std::int32_t, std::string>> tracks_;  // device, name
  std::vector<Event> events_;
};

}  // namespace fieldsim::report
