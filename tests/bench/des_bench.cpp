// The event engine under Google Benchmark. Everything runs through coroutine processes with the
// fingerprint on; `ns` is CPU time an event (or an operation, where the name says so).
#include <benchmark/benchmark.h>

#include <memory>

#include "sim/des/fair_share.hpp"
#include "sim/des/latch.hpp"
#include "sim/des/server.hpp"
#include "sim/des/timer.hpp"
#include "tests/bench/hold.hpp"

namespace {

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

// Counts down to the end of a batch: processes loop for ever, and the last event stops the run.
struct Batch {
  Engine& engine;
  std::int64_t left = 0;
  void tick() {
    if (--left == 0) engine.stop();
  }
  void run(std::int64_t events) {
    left = events;
    engine.run();
  }
};

void report_per_event(benchmark::State& state, std::int64_t batch) {
  state.counters["ns"] = benchmark::Counter(
      static_cast<double>(batch) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

Process hold(Engine& engine, bench::Table& table, Batch& batch) {
  for (;;) {
    co_await engine.delay(Duration::raw(table.next()));
    batch.tick();
  }
}

void hold_model(benchmark::State& state) {
  const auto kind = static_cast<bench::Increments>(state.range(0));
  const std::int64_t n = state.range(1);
  bench::Table table(kind);
  Engine engine;
  Batch batch{engine};
  for (std::int64_t i = 0; i < n; ++i) engine.spawn(hold(engine, table, batch), "hold");
  engine.run_until(Time::zero());
  batch.run(std::max<std::int64_t>(2 * n, 200'000));  // into the steady state
  const std::int64_t events = std::max<std::int64_t>(n, 200'000);
  for (auto _ : state) batch.run(events);
  report_per_event(state, events);
  state.SetLabel(bench::kNames[kind]);
}
BENCHMARK(hold_model)
    ->ArgNames({"increments", "pending"})
    ->ArgsProduct({{bench::kExponential, bench::kSkewed, bench::kTied, bench::kPareto,
                    bench::kHalfZero},
                   {100, 10'000, 1'000'000}});

Process customer(Server& server, Duration service, Batch& batch) {
  co_await server.serve(service);
  batch.tick();
}

Process source(Engine& engine, Server& server, bench::Table& table, Batch& batch) {
  for (;;) {
    co_await engine.delay(Duration::raw(table.next() * 5 / 4));
    batch.tick();
    engine.spawn(customer(server, Duration::raw(table.next()), batch));
  }
}

// rho = 0.8, a process a customer; an event is an arrival or a departure.
void mm1(benchmark::State& state) {
  constexpr std::int64_t kEvents = 200'000;
  bench::Table table(bench::kExponential);
  Engine engine;
  Server server(engine);
  Batch batch{engine};
  engine.spawn(source(engine, server, table, batch), "source");
  for (auto _ : state) batch.run(kEvents);
  report_per_event(state, kEvents);
}
BENCHMARK(mm1);

Process transfers(Engine& engine, Link& link, bench::Table& table, BytesPerSecond cap,
                  Batch& batch) {
  for (;;) {
    co_await engine.delay(Duration::raw(table.next()));
    co_await link.transfer(Bytes::raw(1 + table.next() / 100), cap);
    batch.tick();
  }
}

// n processes on one link, so contended that nearly all of them are on it; an event is a transfer.
void shared_link(benchmark::State& state) {
  constexpr std::int64_t kTransfers = 50'000;
  const std::int64_t caps = state.range(1);
  bench::Table table(bench::kExponential);
  Engine engine;
  Link link(engine, "link", 10_GBps);
  Batch batch{engine};
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto cap = caps == 0 ? BytesPerSecond::max()
                               : scaled(10_GBps, 0.5 / static_cast<double>(1 + i % caps));
    engine.spawn(transfers(engine, link, table, cap, batch), "flow");
  }
  for (auto _ : state) batch.run(kTransfers);
  report_per_event(state, kTransfers);
}
BENCHMARK(shared_link)->ArgNames({"flows", "caps"})->ArgsProduct({{1, 10, 1000}, {0, 4}});

Process one_shot(Engine& engine, bench::Table& table, Batch& batch) {
  co_await engine.delay(Duration::raw(table.next()));
  batch.tick();
  engine.spawn(one_shot(engine, table, batch));
}

// Every process sleeps once and starts its successor: spawn, start, sleep and finish a process.
void spawn_and_finish(benchmark::State& state) {
  constexpr std::int64_t kProcesses = 200'000;
  bench::Table table(bench::kExponential);
  Engine engine;
  Batch batch{engine};
  for (int i = 0; i < 100; ++i) engine.spawn(one_shot(engine, table, batch), "p");
  for (auto _ : state) batch.run(kProcesses);
  report_per_event(state, kProcesses);
}
BENCHMARK(spawn_and_finish);

Task<std::int64_t> child(std::int64_t v) { co_return v; }

Process caller(Engine& engine, Batch& batch, std::int64_t& sum) {
  for (;;) {
    for (int i = 0; i < 100; ++i) {
      sum += co_await child(i);
      batch.tick();
    }
    co_await engine.delay(1_ns);
  }
}

void await_child(benchmark::State& state) {
  constexpr std::int64_t kCalls = 200'000;
  Engine engine;
  Batch batch{engine};
  std::int64_t sum = 0;
  engine.spawn(caller(engine, batch, sum), "p");
  for (auto _ : state) batch.run(kCalls);
  benchmark::DoNotOptimize(sum);
  report_per_event(state, kCalls);
}
BENCHMARK(await_child);

Process waiter(Timer& timer, Batch& batch) {
  for (;;) {
    co_await timer.wait(1_ms);
    batch.tick();
  }
}
Process canceller(Engine& engine, Timer& timer) {
  for (;;) {
    co_await engine.delay(1_us);
    timer.cancel();
  }
}

// A time-out that is set and cancelled, with the process that cancels it.
void cancelled_timer(benchmark::State& state) {
  constexpr std::int64_t kTimers = 50'000;
  Engine engine;
  Timer timer(engine);
  Batch batch{engine};
  engine.spawn(waiter(timer, batch), "w");
  engine.spawn(canceller(engine, timer), "c");
  for (auto _ : state) batch.run(kTimers);
  report_per_event(state, kTimers);
}
BENCHMARK(cancelled_timer);

}  // namespace
