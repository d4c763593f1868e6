#include "sim/system/agents/run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/serving/agents/world.hpp"
#include "sim/system/agents/collect.hpp"
#include "sim/system/agents/tables.hpp"
#include "sim/system/enclave.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/requests/run.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/system/warnings.hpp"

namespace fieldsim::system {

using serving::AgentsSetup;
using serving::IndexPlace;

namespace {

AgentsSetup setup_of(const Scenario& s, const ProgramBuilder& programs, CheckPlanner& planner,
                     double& table_error) {
  AgentsSetup a;
  a.agents = *s.workload.agents;
  a.verification = s.verification;
  a.faults = s.faults;
  a.recovery = s.recovery;
  a.seed = s.seed;
  a.prefill_chunk = s.workload.prefill_chunk;
  a.busy = s.hardware.gpu.power.busy;
  a.kv_per_token = programs.kv_bytes_per_token();
  a.anchors = programs.anchor_bytes();
  a.pool.block_tokens = s.attention.page_tokens;
  a.pool.block_bytes = a.kv_per_token * a.pool.block_tokens;
  Bytes left = s.hardware.gpu.hbm.capacity - programs.weight_bytes() - a.anchors;
  if (const auto& index = a.agents.memory.index; index && index->place == IndexPlace::device)
    left -= index_bytes(*index, a.agents.memory.objects);
  a.pool.device_blocks = std::max<std::int64_t>(0, left / a.pool.block_bytes);
  if (a.agents.paused_kv == serving::PausedKv::swap)
    a.pool.host_blocks = a.agents.host_kv / a.pool.block_bytes;
  if (s.workload.requests) serve_requests(s, a);
  const std::int64_t room = a.pool.device_blocks * a.pool.block_tokens;
  const std::int64_t most = std::max(a.agents.context_tokens, a.agents.context_limit);
  if (!a.serving && room < 2 * most)
    throw ConfigError(
        {}, "workload.agents.context_limit",
        fmt::format("the device has room for {} KV tokens beside weights and anchors; "
                    "an agent of up to {} tokens needs twice that to grow in",
                    room, most));
  a.kernel_gap = s.hardware.gpu.launch.eager;
  a.anchor_checked = s.verification.payload.kind == verify::PayloadKind::anchor_kv &&
                     s.attention.anchor_tokens > 0;
  a.plan = [&planner](verify::Check& check, std::int64_t before, std::int64_t tokens) {
    planner.plan(check, before, tokens);
  };
  TabulatedIteration t = tabulate_iteration(s, a.agents.max_running, room, room);
  a.iteration = std::move(t.tables);
  table_error = t.error;
  return a;
}

}  // namespace

Result simulate_agents(const Scenario& given, des::TraceSink* trace, recovery::AgentsRecord* record,
                       recovery::Sabotage sabotage) {
  const auto wall = std::chrono::steady_clock::now();
  Scenario s = given;
  s.workload.batch = 1;
  s.attention.shared_anchors = share_anchors(s);
  ProgramBuilder programs(s);
  double table_error = 0;
  CheckPlanner planner(s);
  const AgentsSetup setup = setup_of(s, programs, planner, table_error);
  des::Engine engine(s.seed);
  engine.set_trace(trace);
  Machine machine(engine, effective_hardware(s));
  serving::AgentsWorld world({engine, machine.device, machine.link, machine.host}, setup, record,
                             sabotage);
  std::optional<RequestAnchors> anchors;
  if (setup.serving && s.anchors) anchors.emplace(s, world);
  // What an exception leaves waiting goes before what it waits for.
  struct Abandon {
    des::Engine& engine;
    ~Abandon() { engine.abandon(); }
  } const abandon{engine};
  world.start();
  if (setup.agents.duration)
    engine.run_until(Time::at(*setup.agents.duration));
  else
    engine.run();
  if (!world.cannot().empty()) {
    engine.abandon();
    throw ConfigError({}, "recovery.retained",
                      "does not hold what agents must keep until a verdict: " + world.cannot() +
                          "; take a smaller boundary or window, overflow: throttle, or another "
                          "recovery.checkpoint");
  }
  if (!setup.agents.duration) {
    const des::Blocked blocked = engine.blocked();
    SIM_CHECK(blocked.count == 0, blocked.str());
  }
  world.finish();
  engine.abandon();

  Result r = collect(s, machine, world, programs);
  r.agents->table_error = table_error;
  if (setup.serving) add_requests(s, world, engine.now() - Time::zero(), r);
  if (anchors) anchors->add_to(r);
  r.simulation.events = engine.events();
  r.simulation.fingerprint = engine.fingerprint();
  r.warnings = warnings(s, r);
  r.simulation.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  return r;
}

}  // namespace fieldsim::system
