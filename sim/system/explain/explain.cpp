#include "sim/system/explain/explain.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/pcie/rate.hpp"

namespace fieldsim::system::explain {

using hardware::Limiter;
using hardware::Split;
using hardware::TaskLog;

namespace {

// Of one server, whatever ran beside it.
constexpr Limiter kSerial[] = {Limiter::launch, Limiter::graph, Limiter::step, Limiter::pinned};

std::vector<Ceiling> longest_first(std::vector<Ceiling> all, Duration phase) {
  std::erase_if(all, [](const Ceiling& c) { return c.busy == Duration::zero(); });
  for (Ceiling& c : all) c.share = phase.count() == 0 ? 0 : seconds(c.busy) / seconds(phase);
  std::stable_sort(all.begin(), all.end(),
                   [](const Ceiling& a, const Ceiling& b) { return a.busy > b.busy; });
  return all;
}

// Time of the generation's own tasks in a phase.
Split serial(const TaskLog& log, bool decode) {
  Split sum;
  const Time began = log[log.marked(TaskLog::Mark::decode_began)].end;
  for (const TaskLog::Task& t : log.tasks())
    if ((t.begin >= began) == decode)
      for (std::uint32_t i = 0; i < t.parts; ++i) {
        const TaskLog::Part& p = log.parts(t)[i];
        sum.add(p.category, p.limiter, p.length);
      }
  return sum;
}

void add_serial(std::vector<Ceiling>& all, const TaskLog* log, bool decode) {
  if (log == nullptr) return;
  const Split sum = serial(*log, decode);
  for (Limiter l : kSerial)
    all.push_back({std::string(hardware::kLimiterNames[static_cast<std::size_t>(l)]), sum[l]});
}

std::vector<Ceiling> decode_ceilings(const Scenario& s, const Result& r, const TaskLog* log) {
  using hardware::pcie::Direction;
  const auto& gpu = s.hardware.gpu;
  std::vector<Ceiling> all = {{"compute", arithmetic_time(s, r.decode_phase.totals)}};
  for (const ResourceUse& u : r.resources) {
    if (u.name == "hbm")
      all.push_back({u.name, time_for(u.bytes, hardware::gpu::effective_bandwidth(gpu.hbm))});
    else if (u.name == "link.to_host")
      all.push_back({u.name, time_for(u.bytes, payload_rate(s.hardware.link, Direction::to_host))});
    else if (u.name == "host.memory")
      all.push_back({u.name, time_for(u.bytes, s.hardware.host.memory_bandwidth)});
    else if (u.name == "host.hash" || u.name == "verifier" || u.name == "ledger")
      all.push_back({u.name, u.busy});
  }
  add_serial(all, log, true);
  return longest_first(std::move(all), r.decode + r.drain);
}

std::vector<Ceiling> prefill_ceilings(const Scenario& s, const Result& r, const TaskLog* log) {
  const auto& gpu = s.hardware.gpu;
  const StepTotals& t = r.prefill.totals;
  std::vector<Ceiling> all = {{"hbm", time_for(t.hbm, hardware::gpu::effective_bandwidth(gpu.hbm))},
                              {"compute", arithmetic_time(s, t)}};
  add_serial(all, log, false);
  return longest_first(std::move(all), r.prefill.time);
}

// Agents overlap, so no single path has the run's length: the shared resources bound it, and the
// agents' own time says what they wait for.
Agents agents_of(const Scenario& s, const Result& r) {
  Agents a;
  a.elapsed = r.total;
  std::vector<Ceiling> all;
  for (const ResourceUse& u : r.resources)
    all.push_back({u.name == "device" ? "device (iterations)" : u.name, u.busy});
  a.ceilings = longest_first(std::move(all), r.total);
  double sum = 0;
  for (double t : r.agents->spent_s) sum += t;
  for (std::size_t i = 0; i < serving::kActivities; ++i)
    if (const double t = r.agents->spent_s[i]; t > 0)
      a.times.push_back({std::string(serving::kActivityNames[i]), t, t / sum});
  std::ranges::stable_sort(a.times, std::greater{}, &AgentsTime::time_s);
  const Bytes kv_room = r.memory.capacity - r.memory.weights - r.memory.anchors;
  a.rooms = {{"KV memory", static_cast<double>(r.memory.kv.count()),
              static_cast<double>(kv_room.count()), true},
             {"places in the batch", static_cast<double>(r.agents->running_peak),
              static_cast<double>(s.workload.agents->max_running), false}};
  return a;
}

}  // namespace

Explanation explain(const Scenario& s, const Result& r, const TaskLog* log, const Metric& metric,
                    double value, const Evaluate& evaluate, const Goal& goal) {
  Explanation e;
  e.metric = metric;
  e.value = value;
  e.goal = goal;
  e.prefill = r.prefill.time;
  e.decode = r.decode + r.drain;
  if (log != nullptr) {
    e.path = critical_path(*log, metric.until);
    e.classes = task_classes(*log, *e.path);
    for (const TaskClass& c : e.classes) {
      e.tasks += c.count;
      e.tasks_on_path += c.on_path;
    }
  }
  if (r.agents) {
    e.agents = agents_of(s, r);
  } else {
    e.prefill_ceilings = prefill_ceilings(s, r, log);
    e.decode_ceilings = decode_ceilings(s, r, log);
  }
  const std::vector<Parameter> all = parameters(s);
  const Baseline baseline{value, r.memory.fits};
  e.elasticities = elasticities(all, metric, e.path ? &*e.path : nullptr, value, evaluate);
  e.alone = alone(all, metric, baseline, evaluate, goal);
  e.together = together(all, e.alone, metric, baseline, evaluate, goal);
  e.alternatives = alternatives(s, metric, baseline, evaluate);
  std::stable_sort(e.elasticities.begin(), e.elasticities.end(),
                   [](const Elasticity& a, const Elasticity& b) {
                     return std::fabs(a.measured.value_or(0)) > std::fabs(b.measured.value_or(0));
                   });
  return e;
}

}  // namespace fieldsim::system::explain
