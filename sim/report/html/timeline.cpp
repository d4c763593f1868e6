#include "sim/report/html/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <tuple>

#include "sim/base/error.hpp"
#include "sim/report/html/timeline_kinds.hpp"

namespace fieldsim::report::html {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kMostRows = 64;
constexpr std::size_t kMostAgentRows = 24;  // of the first agents, three each
constexpr std::size_t kMostDepth = 3;       // spans inside spans of one track, rows for each
constexpr std::size_t kMostFlows = 400;
constexpr std::size_t kMostFocus = 12;

// Devices in the order of the rows; what is not here follows.
constexpr std::array<std::string_view, 7> kOrder = {"session", "gpu",    "link",    "host",
                                                    "ledger",  "agents", "requests"};

double microseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }
double microseconds(Time t) { return microseconds(t.since_start()); }

template <typename Words>
std::int64_t index_of(Words& words, const std::string& word) {
  const auto it = std::ranges::find(words, word);
  if (it != words.end()) return it - words.begin();
  words.push_back(word);
  return static_cast<std::int64_t>(words.size()) - 1;
}

}  // namespace

std::int32_t Timeline::name_id(std::string_view name) {
  if (const auto it = ids_.find(name); it != ids_.end()) return it->second;
  const auto id = static_cast<std::int32_t>(names_.size());
  ids_.emplace(name, id);
  names_.emplace_back(name);
  return id;
}

des::TrackId Timeline::track(std::string_view device, std::string_view name) {
  for (std::size_t i = 0; i < tracks_.size(); ++i)
    if (tracks_[i].device == device && tracks_[i].name == name)
      return {static_cast<std::int32_t>(i)};
  tracks_.push_back({std::string(device), std::string(name)});
  return {static_cast<std::int32_t>(tracks_.size()) - 1};
}

void Timeline::span(des::TrackId track, std::string_view name, Time begin, Time end) {
  SIM_CHECK(track.value >= 0, "a span on a track that was never made");
  spans_.push_back({track.value, name_id(name), begin, end});
}

void Timeline::instant(des::TrackId track, std::string_view name, Time at) {
  span(track, name, at, at);
}

void Timeline::flow_begin(std::uint64_t id, des::TrackId track, std::string_view, Time at) {
  flows_[id].push_back({track.value, at});
}
void Timeline::flow_step(std::uint64_t id, des::TrackId track, std::string_view, Time at) {
  flows_[id].push_back({track.value, at});
}
void Timeline::flow_end(std::uint64_t id, des::TrackId track, std::string_view, Time at) {
  flows_[id].push_back({track.value, at});
}

Json Timeline::json(std::size_t most) const {
  // Tracks by device, then as they appeared.
  std::vector<std::size_t> order(tracks_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto device_rank = [&](std::size_t t) {
    return std::ranges::find(kOrder, tracks_[t].device) - kOrder.begin();
  };
  // What a rollback takes back stands under what it was.
  const auto track_rank = [&](std::size_t t) {
    const std::string& name = tracks_[t].name;
    return name == "boundaries" ? 0 : name == "undone" ? 1 : 2;
  };
  std::ranges::stable_sort(
      order, {}, [&](std::size_t t) { return std::tuple(device_rank(t), track_rank(t)); });

  std::vector<std::vector<const Span*>> by_track(tracks_.size());
  for (const Span& s : spans_) by_track[static_cast<std::size_t>(s.track)].push_back(&s);

  std::vector<std::string> names = names_, kinds;
  Json rows = Json::array(), spans = Json::array(), instants = Json::array(),
       left_out = Json::array();
  std::vector<const Span*> undone, rollbacks, programs;
  std::vector<std::int64_t> first_row(tracks_.size(), -1);
  std::size_t agent_rows = 0;
  Time last;
  for (const std::size_t t : order) {
    auto& all = by_track[t];
    if (all.empty()) continue;
    const std::string label = tracks_[t].device + ": " + tracks_[t].name;
    const bool agent = tracks_[t].device == "agents" || tracks_[t].device == "requests";
    if (agent ? agent_rows >= kMostAgentRows : rows.size() >= kMostRows) {
      left_out.push_back(fmt::format("{}: {} spans, for want of room", label, all.size()));
      continue;
    }
    std::ranges::stable_sort(all, [](const Span* a, const Span* b) {
      return std::tuple(a->begin, b->end) < std::tuple(b->begin, a->end);
    });
    // Depth: how many spans that began earlier still run.
    std::vector<std::vector<const Span*>> levels;
    std::vector<Time> running;
    for (const Span* s : all) {
      last = std::max(last, s->end);
      while (!running.empty() && running.back() <= s->begin) running.pop_back();
      const std::size_t depth = s->begin == s->end ? 0 : std::min(running.size(), kMostDepth - 1);
      if (levels.size() <= depth) levels.resize(depth + 1);
      levels[depth].push_back(s);
      if (s->end > s->begin) running.push_back(s->end);
    }
    if (levels.size() > 1) programs.push_back(levels[0].front());
    first_row[t] = static_cast<std::int64_t>(rows.size());
    if (agent) agent_rows += levels.size();
    for (std::size_t depth = 0; depth < levels.size(); ++depth) {
      const auto row = rows.size();
      rows.push_back(depth == 0 ? label
                                : fmt::format("{}, inside{}", label, depth > 1 ? " 2" : ""));
      const auto& level = levels[depth];
      const std::size_t whole = level.size() <= most ? level.size() : most / 2;
      for (std::size_t i = 0; i < whole; ++i) {
        const Span& s = *level[i];
        const std::string& name = names_[static_cast<std::size_t>(s.name)];
        const std::string kind = kind_of(tracks_[t].device, tracks_[t].name, name);
        if (s.begin == s.end) {
          instants.push_back({row, microseconds(s.begin), s.name, index_of(kinds, kind)});
        } else {
          spans.push_back({row, microseconds(s.begin), microseconds(s.end - s.begin), s.name,
                           index_of(kinds, kind)});
        }
        if (kind == "undone") undone.push_back(&s);
        if (kind == "rollback") rollbacks.push_back(&s);
      }
      if (whole == level.size()) continue;
      // Blocks of equal counts.
      const std::size_t each = (level.size() - whole + most / 2 - 1) / (most / 2);
      const auto kind = index_of(kinds, kind_of(tracks_[t].device, tracks_[t].name, ""));
      for (std::size_t i = whole; i < level.size(); i += each) {
        const std::size_t end = std::min(i + each, level.size());
        Duration busy;
        Time until = level[i]->end;
        for (std::size_t k = i; k < end; ++k) {
          busy += level[k]->end - level[k]->begin;
          until = std::max(until, level[k]->end);
        }
        const Duration length = until - level[i]->begin;
        if (length == Duration::zero()) continue;
        spans.push_back(
            {row, microseconds(level[i]->begin), microseconds(length), names.size(), kind});
        names.push_back(
            fmt::format("{} spans, {:.0f} % busy", end - i,
                        100 * std::min(1.0, microseconds(busy) / microseconds(length))));
      }
      left_out.push_back(
          fmt::format("{}: {} of {} spans are drawn one by one, to {:.3f} ms; behind that, {} at a "
                      "time as one block",
                      rows.back().get<std::string>(), whole, level.size(),
                      microseconds(level[whole - 1]->end) / 1e3, each));
    }
  }
  // A flow leaves the span that it begins with at its end.
  std::map<std::pair<std::int32_t, Time>, Time> ends;
  for (const auto& [id, points] : flows_) ends[{points.front().track, points.front().at}] = {};
  for (const Span& s : spans_)
    if (const auto it = ends.find({s.track, s.begin}); it != ends.end()) it->second = s.end;
  Json flows = Json::array();
  for (const auto& [id, points] : flows_) {
    Json flow = Json::array();
    for (const FlowPoint& p : points) {
      const Time at = &p == &points.front() ? std::max(p.at, ends.at({p.track, p.at})) : p.at;
      if (const auto row = first_row[static_cast<std::size_t>(p.track)]; row >= 0)
        flow.push_back({row, microseconds(at)});
    }
    if (flow.size() > 1 && flows.size() < kMostFlows) flows.push_back(std::move(flow));
  }
  if (flows_.size() > kMostFlows)
    left_out.push_back(fmt::format("arrows: the first {} of {}", kMostFlows, flows_.size()));
  // Where to look: one program of each stream that has any, and each rollback from the first token
  // it took back until about as much is there again.
  Json focus = Json::array();
  for (const Span* s : programs)
    focus.push_back({"one " + names_[static_cast<std::size_t>(s->name)], microseconds(s->begin),
                     microseconds(s->end)});
  for (std::size_t i = 0; i < rollbacks.size() && i < kMostFocus; ++i) {
    const Time before = i == 0 ? Time::zero() : rollbacks[i - 1]->end;
    Time from = rollbacks[i]->begin;
    for (const Span* s : undone)
      if (s->begin >= before) from = std::min(from, s->begin);
    const Duration lost = rollbacks[i]->end - from;
    focus.push_back({fmt::format("rollback {}", i + 1), microseconds(from - lost / 10),
                     microseconds(rollbacks[i]->end + lost + lost / 10)});
  }
  return {{"end", microseconds(last)},
          {"rows", rows},
          {"names", names},
          {"kinds", kinds},
          {"looks", looks_of(kinds)},
          {"spans", spans},
          {"instants", instants},
          {"flows", flows},
          {"focus", focus},
          {"left_out", left_out}};
}

}  // namespace fieldsim::report::html
