#include "sim/system/explain/critical_path.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dag_shortest_paths.hpp>
#include <boost/graph/topological_sort.hpp>

#include "sim/base/error.hpp"

namespace fieldsim::system::explain {

using hardware::TaskLog;

namespace {

// A vertex a task, and one for the start of the run; an edge weighs less the later its head ends,
// so that the shortest path is the longest one.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                    boost::property<boost::edge_weight_t, std::int64_t>>;
using Vertex = Graph::vertex_descriptor;

Duration length_of(const TaskLog::Task& t) { return t.end - t.begin; }
Vertex vertex(TaskLog::Id task) { return static_cast<Vertex>(task) + 1; }
TaskLog::Id task_of(Vertex v) { return static_cast<TaskLog::Id>(v) - 1; }
constexpr Vertex kStart = 0;

Graph graph_of(const TaskLog& log) {
  Graph g(log.tasks().size() + 1);
  for (Vertex v = 1; v <= log.tasks().size(); ++v) {
    const TaskLog::Task& t = log[task_of(v)];
    if (t.afters == 0) boost::add_edge(kStart, v, -length_of(t).count(), g);
    for (std::uint32_t i = 0; i < t.afters; ++i)
      boost::add_edge(vertex(log.afters(t)[i]), v, -length_of(t).count(), g);
  }
  return g;
}

std::vector<TaskLog::Id> longest(const Graph& g, TaskLog::Id until) {
  std::vector<Vertex> before(boost::num_vertices(g));
  std::vector<std::int64_t> distance(boost::num_vertices(g));
  boost::dag_shortest_paths(g, kStart,
                            boost::predecessor_map(before.data()).distance_map(distance.data()));
  std::vector<TaskLog::Id> path;
  for (Vertex v = vertex(until); v != kStart; v = before[v]) {
    SIM_CHECK(before[v] != v, "a task has no way back to the start of the run");
    path.push_back(task_of(v));
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<std::optional<Duration>> slacks(const TaskLog& log, const Graph& g, TaskLog::Id until) {
  std::vector<Vertex> order;  // successors first
  boost::topological_sort(g, std::back_inserter(order));
  std::vector<std::optional<Time>> latest(boost::num_vertices(g));
  latest[vertex(until)] = log[until].end;
  for (Vertex v : order) {
    for (const auto& e : boost::make_iterator_range(boost::out_edges(v, g))) {
      const Vertex next = boost::target(e, g);
      if (!latest[next]) continue;
      const Time t = *latest[next] - length_of(log[task_of(next)]);
      if (!latest[v] || t < *latest[v]) latest[v] = t;
    }
  }
  std::vector<std::optional<Duration>> slack(log.tasks().size());
  for (std::size_t i = 0; i < slack.size(); ++i)
    if (latest[i + 1]) slack[i] = *latest[i + 1] - log.tasks()[i].end;
  return slack;
}

bool in_decode(const TaskLog& log, const TaskLog::Task& t) {
  const TaskLog::Id began = log.marked(TaskLog::Mark::decode_began);
  return began != TaskLog::kNone && t.begin >= log[began].end;
}

}  // namespace

CriticalPath critical_path(const TaskLog& log, TaskLog::Mark until) {
  const TaskLog::Id last = log.marked(until);
  SIM_CHECK(last != TaskLog::kNone, "the run did not come to the moment that is to be explained");
  const Graph g = graph_of(log);
  CriticalPath path;
  path.tasks = longest(g, last);
  for (TaskLog::Id id : path.tasks) {
    const TaskLog::Task& t = log[id];
    path.length += length_of(t);
    hardware::Split& split = in_decode(log, t) ? path.decode : path.prefill;
    for (std::uint32_t i = 0; i < t.parts; ++i) {
      const TaskLog::Part& p = log.parts(t)[i];
      split.add(p.category, p.limiter, p.length);
    }
  }
  path.slack = slacks(log, g, last);
  return path;
}

std::vector<TaskClass> task_classes(const TaskLog& log, const CriticalPath& path) {
  std::vector<bool> on_path(log.tasks().size());
  for (TaskLog::Id id : path.tasks) on_path[static_cast<std::size_t>(id)] = true;
  std::vector<TaskClass> classes;
  std::vector<std::pair<Duration, std::int64_t>> slack_sums;
  for (std::size_t i = 0; i < log.tasks().size(); ++i) {
    const TaskLog::Task& t = log.tasks()[i];
    if (t.end == t.begin) continue;  // joins
    const bool decode = in_decode(log, t);
    const auto known = std::find_if(classes.begin(), classes.end(), [&](const TaskClass& c) {
      return c.what == t.what && c.decode == decode;
    });
    const auto at = static_cast<std::size_t>(known - classes.begin());
    if (known == classes.end()) {
      classes.push_back({});
      classes.back().what = t.what;
      classes.back().decode = decode;
      slack_sums.emplace_back();
    }
    TaskClass& c = classes[at];
    ++c.count;
    c.time += length_of(t);
    if (on_path[i]) {
      ++c.on_path;
      c.time_on_path += length_of(t);
    } else if (!path.slack[i]) {
      ++c.leading_nowhere;
    } else {
      c.least_slack = std::min(c.least_slack.value_or(Duration::max()), *path.slack[i]);
      slack_sums[at].first += *path.slack[i];
      ++slack_sums[at].second;
    }
  }
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (slack_sums[i].second > 0)
      classes[i].mean_slack = slack_sums[i].first / slack_sums[i].second;
  return classes;
}

}  // namespace fieldsim::system::explain
