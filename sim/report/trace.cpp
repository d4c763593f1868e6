#include "sim/report/trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::report {

namespace {

constexpr std::int64_t kPsPerMicrosecond = 1'000'000;

std::string microseconds(Duration d) {
  return fmt::format("{}.{:06}", d.count() / kPsPerMicrosecond, d.count() % kPsPerMicrosecond);
}

std::string quoted(std::string_view text) {
  std::string s = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') s += '\\';
    if (static_cast<unsigned char>(c) >= ' ') s += c;
  }
  return s + '"';
}

}  // namespace

des::TrackId ChromeTrace::track(std::string_view device, std::string_view name) {
  const auto next = static_cast<std::int32_t>(devices_.size()) + 1;
  const std::int32_t pid = devices_.emplace(std::string(device), next).first->second;
  const auto known = std::find(tracks_.begin(), tracks_.end(), std::pair(pid, std::string(name)));
  const auto index = known - tracks_.begin();
  if (known == tracks_.end()) tracks_.emplace_back(pid, name);
  return {static_cast<std::int32_t>(index)};
}

std::string ChromeTrace::place(des::TrackId track) const {
  SIM_CHECK(track.value >= 0, "a span on a track that was never made");
  const auto i = static_cast<std::size_t>(track.value);
  return fmt::format("\"pid\":{},\"tid\":{}", tracks_[i].first, track.value + 1);
}

void ChromeTrace::add(Time at, Duration length, std::string text) {
  events_.push_back({at, length, events_.size(), std::move(text)});
}

void ChromeTrace::span(des::TrackId track, std::string_view name, Time begin, Time end) {
  add(begin, end - begin,
      fmt::format("\"ph\":\"X\",\"name\":{},{},\"dur\":{}", quoted(name), place(track),
                  microseconds(end - begin)));
}

void ChromeTrace::instant(des::TrackId track, std::string_view name, Time at) {
  add(at, Duration::zero(),
      fmt::format("\"ph\":\"i\",\"s\":\"t\",\"name\":{},{}", quoted(name), place(track)));
}

void ChromeTrace::counter(std::string_view name, Time at, double value) {
  add(at, Duration::zero(),
      fmt::format("\"ph\":\"C\",\"name\":{},\"pid\":0,\"args\":{{\"value\":{}}}", quoted(name),
                  value));
}

void ChromeTrace::flow(char phase, std::uint64_t id, des::TrackId track, std::string_view name,
                       Time at) {
  add(at, Duration::zero(),
      fmt::format("\"ph\":\"{}\",\"cat\":\"flow\",\"id\":{},\"name\":{},{}{}", phase, id,
                  quoted(name), place(track), phase == 'f' ? ",\"bp\":\"e\"" : ""));
}

void ChromeTrace::flow_begin(std::uint64_t id, des::TrackId t, std::string_view name, Time at) {
  flow('s', id, t, name, at);
}
void ChromeTrace::flow_step(std::uint64_t id, des::TrackId t, std::string_view name, Time at) {
  flow('t', id, t, name, at);
}
void ChromeTrace::flow_end(std::uint64_t id, des::TrackId t, std::string_view name, Time at) {
  flow('f', id, t, name, at);
}

std::string ChromeTrace::json() const {
  std::vector<const Event*> sorted;
  sorted.reserve(events_.size());
  for (const Event& e : events_) sorted.push_back(&e);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Event* a, const Event* b) {
    return a->at != b->at ? a->at < b->at : a->length > b->length;
  });
  std::string out = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  out += "{\"ph\":\"M\",\"pid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"counters\"}}";
  for (const auto& [device, pid] : devices_)
    out += fmt::format(
        ",\n{{\"ph\":\"M\",\"pid\":{},\"name\":\"process_name\",\"args\":{{\"name\":{}}}}}", pid,
        quoted(device));
  for (std::size_t i = 0; i < tracks_.size(); ++i)
    out += fmt::format(
        ",\n{{\"ph\":\"M\",\"pid\":{},\"tid\":{},\"name\":\"thread_name\",\"args\":{{\"name\":{}}}}"
        "}",
        tracks_[i].first, i + 1, quoted(tracks_[i].second));
  for (const Event* e : sorted)
    out += fmt::format(",\n{{{},\"ts\":{}}}", e->text, microseconds(e->at.since_start()));
  out += "\n]}\n";
  return out;
}

}  // namespace fieldsim::report
