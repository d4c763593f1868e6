#pragma once
// Collects what a run shows of itself for the timeline of a report: spans, instants and flows on
// any tracks. Rows with more spans than a page can carry are thinned, and the report says so.
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/des/trace.hpp"

namespace fieldsim::report::html {

class Timeline : public des::TraceSink {
 public:
  des::TrackId track(std::string_view device, std::string_view name) override;
  void span(des::TrackId track, std::string_view name, Time begin, Time end) override;
  void instant(des::TrackId track, std::string_view name, Time at) override;
  void counter(std::string_view, Time, double) override {}
  void flow_begin(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;
  void flow_step(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;
  void flow_end(std::uint64_t id, des::TrackId track, std::string_view name, Time at) override;

  bool empty() const { return spans_.empty(); }

  // {end, rows: [label], names: [text], kinds: [word], looks: by kind, spans: [[row, begin, length,
  // name, kind]], instants: [[row, at, name, kind]], flows: [[[row, at], ...]], focus: [[label,
  // from, to]], left_out: [text]}; times in microseconds. `most` spans of a row are kept: half of
  // them as they are, from the beginning; the rest merged into blocks.
  nlohmann::ordered_json json(std::size_t most = 4000) const;

 private:
  struct Track {
    std::string device, name;
  };
  struct Span {
    std::int32_t track = 0, name = 0;
    Time begin, end;
  };
  struct FlowPoint {
    std::int32_t track = 0;
    Time at;
  };
  std::int32_t name_id(std::string_view name);

  std::vector<Track> tracks_;
  std::vector<std::string> names_;
  std::map<std::string, std::int32_t, std::less<>> ids_;
  std::vector<Span> spans_;
  std::map<std::uint64_t, std::vector<FlowPoint>> flows_;
};

}  // namespace fieldsim::report::html
