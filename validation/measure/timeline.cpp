#include "validation/measure/timeline.hpp"

#include <algorithm>

#include "validation/measure/json.hpp"

namespace fieldsim::measure {

int Timeline::track_of(int process, const std::string& track) {
  const auto wanted = std::make_pair(process, track);
  const auto found = std::find(tracks_.begin(), tracks_.end(), wanted);
  if (found != tracks_.end()) return static_cast<int>(found - tracks_.begin());
  tracks_.push_back(wanted);
  return static_cast<int>(tracks_.size()) - 1;
}

void Timeline::span(int process, const std::string& track, const std::string& name, double begin,
                    double end) {
  const std::lock_guard lock(mutex_);
  spans_.push_back(Span{process, track_of(process, track), name, begin, end});
}

void Timeline::name_process(int process, const std::string& name) {
  const std::lock_guard lock(mutex_);
  processes_.emplace_back(process, name);
}

std::size_t Timeline::size() const {
  const std::lock_guard lock(mutex_);
  return spans_.size();
}

std::string Timeline::json() const {
  const std::lock_guard lock(mutex_);
  // Every process starts at zero, so that experiments lie under one another.
  const auto origin = [&](int process) {
    double first = 1e300;
    for (const Span& s : spans_)
      if (s.process == process) first = std::min(first, s.begin);
    return first;
  };
  std::vector<std::pair<int, double>> origins;
  for (const auto& [process, name] : tracks_)
    if (origins.empty() || origins.back().first != process)
      origins.emplace_back(process, origin(process));
  const auto start = [&](int process) {
    for (const auto& [p, at] : origins)
      if (p == process) return at;
    return 0.0;
  };
  JsonWriter json;
  json.begin_object().member("displayTimeUnit", "ms").key("traceEvents").begin_array();
  const auto metadata = [&](const char* what, int process, int track, const std::string& name) {
    json.begin_object().member("ph", "M").member("name", what).member("pid", process);
    json.member("tid", track).key("args").begin_object().member("name", name).end_object();
    json.end_object();
  };
  for (const auto& [process, name] : processes_) metadata("process_name", process, 0, name);
  for (std::size_t i = 0; i < tracks_.size(); ++i)
    metadata("thread_name", tracks_[i].first, static_cast<int>(i), tracks_[i].second);
  for (const Span& s : spans_) {
    json.begin_object().member("ph", "X").member("name", s.name).member("pid", s.process);
    json.member("tid", s.track).member("ts", 1e6 * (s.begin - start(s.process)));
    json.member("dur", 1e6 * std::max(0.0, s.end - s.begin)).end_object();
  }
  json.end_array().end_object();
  return json.str();
}

}  // namespace fieldsim::measure
