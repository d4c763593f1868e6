#include "sim/des/engine.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/des/alarm.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/latch.hpp"

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

namespace {

Process note_after(Engine& engine, Duration d, int id, std::vector<int>& log) {
  co_await engine.delay(d);
  log.push_back(id);
}

Process ticker(Engine& engine, Duration period, int n, std::vector<Time>& log) {
  for (int i = 0; i < n; ++i) {
    co_await engine.delay(period);
    log.push_back(engine.now());
  }
}

Process fails(Engine& engine, Duration after, bool config) {
  co_await engine.delay(after);
  if (config) throw ConfigError({"a.yaml", 3, 7}, "hardware.rate", "must be positive");
  throw 42;
}

Process waits(Gate& gate) { co_await gate.wait(); }

Process parent(Engine& engine, std::vector<std::string>& names) {
  co_await engine.delay(1_ns);
  struct Child {
    static Process run(Engine& e, std::vector<std::string>& out) {
      out.push_back(e.current().name());
      co_await e.delay(1_ns);
      out.push_back(run_context().component);
      out.push_back(std::to_string(run_context().now_ps));
    }
  };
  engine.spawn(Child::run(engine, names));
}

}  // namespace

TEST_CASE("events run in the order of their times, and of their scheduling among equal times") {
  Engine engine;
  std::vector<int> log;
  engine.spawn(note_after(engine, 30_ns, 1, log), "a");
  engine.spawn(note_after(engine, 10_ns, 2, log), "a");
  engine.spawn(note_after(engine, 30_ns, 3, log), "a");
  engine.spawn(note_after(engine, 0_ns, 4, log), "a");
  engine.spawn(note_after(engine, 10_ns, 5, log), "a");
  engine.run();
  CHECK(log == std::vector<int>{4, 2, 5, 1, 3});
  CHECK(engine.now() == Time::at(30_ns));
  CHECK(engine.events() == 10);
}

TEST_CASE("a zero delay goes behind the events that are due already") {
  Engine engine;
  std::vector<int> log;
  struct P {
    static Process run(Engine& e, std::vector<int>& out, int id) {
      co_await e.delay(5_ns);
      out.push_back(id);
      co_await e.delay(0_ns);
      out.push_back(id + 10);
    }
  };
  for (int id : {1, 2, 3}) engine.spawn(P::run(engine, log, id), "p");
  engine.run();
  CHECK(log == std::vector<int>{1, 2, 3, 11, 12, 13});
}

TEST_CASE("spawning waits for the queue, and starts at now") {
  Engine engine;
  std::vector<int> log;
  engine.spawn(note_after(engine, 0_ns, 1, log), "a");
  CHECK(log.empty());
  CHECK(engine.pending() == 1);
  engine.run_until(Time::at(7_ns));
  engine.spawn(note_after(engine, 0_ns, 2, log), "a");
  engine.run();
  CHECK(engine.now() == Time::at(7_ns));
  CHECK(log == std::vector<int>{1, 2});
}

TEST_CASE("run_until runs what is due and sets the clock") {
  Engine engine;
  std::vector<Time> log;
  engine.spawn(ticker(engine, 10_ns, 3, log), "t");
  engine.run_until(Time::at(20_ns));
  CHECK(log.size() == 2);
  CHECK(engine.now() == Time::at(20_ns));
  engine.run_until(Time::at(25_ns));
  CHECK(log.size() == 2);
  CHECK(engine.now() == Time::at(25_ns));
  std::vector<int> ids;  // scheduled between two runs, before the event already waiting
  engine.spawn(note_after(engine, 2_ns, 1, ids), "n");
  engine.run();
  CHECK(ids == std::vector<int>{1});
  CHECK(log.back() == Time::at(30_ns));
}

TEST_CASE("a process can stop the run, which can be taken up again") {
  Engine engine;
  struct P {
    static Process run(Engine& e) {
      co_await e.delay(15_ns);
      e.stop();
    }
  };
  std::vector<Time> log;
  engine.spawn(ticker(engine, 10_ns, 3, log), "t");
  engine.spawn(P::run(engine), "p");
  engine.run_until(Time::at(1_us));
  CHECK(engine.now() == Time::at(15_ns));
  CHECK(log.size() == 1);
  CHECK(engine.pending() == 1);
  engine.run();
  CHECK(engine.now() == Time::at(30_ns));
}

TEST_CASE("sleeping until a time ends at that time") {
  Engine engine;
  struct P {
    static Process run(Engine& e, Time t, bool& done) {
      co_await e.until(t);
      done = e.now() == t;
    }
  };
  bool done = false;
  engine.spawn(P::run(engine, Time::at(123_ps), done), "p");
  engine.run();
  CHECK(done);
}

TEST_CASE("an exception surfaces from run with its time, component and cause") {
  Engine engine;
  engine.spawn(fails(engine, 1234_ps, true), "pcie0.dma");
  std::vector<Time> log;
  engine.spawn(ticker(engine, 1_ns, 10, log), "t");
  try {
    engine.run();
    FAIL("nothing was thrown");
  } catch (const ProcessError& e) {
    CHECK(std::string(e.what()) ==
          "at 1234 ps in 'pcie0.dma': a.yaml:3:7: hardware.rate: must be positive");
    CHECK(e.when() == Time::at(1234_ps));
    CHECK(e.component() == "pcie0.dma");
    CHECK_THROWS_AS(e.rethrow_cause(), ConfigError);
    CHECK_THROWS_AS(std::rethrow_if_nested(e), ConfigError);
  }
  CHECK(log.size() == 1);  // the run stopped at once
  engine.run();            // and can be taken up again
  CHECK(log.size() == 10);
}

TEST_CASE("an exception of any type surfaces") {
  Engine engine;
  engine.spawn(fails(engine, 1_ps, false), "x");
  CHECK_THROWS_WITH(engine.run(), "at 1 ps in 'x': an exception of unknown type");
}

TEST_CASE("a process without a name of its own inherits the component") {
  Engine engine;
  std::vector<std::string> names;
  engine.spawn(parent(engine, names), "gpu3.copy");
  engine.run();
  CHECK(names == std::vector<std::string>{"gpu3.copy", "gpu3.copy", "2000"});
  CHECK(engine.current().name() == "main");
  CHECK(run_context().now_ps == -1);
}

TEST_CASE("processes that wait forever are reported by component") {
  Engine engine;
  Gate gate(engine);
  engine.spawn(waits(gate), "gpu0.copy");
  engine.spawn(waits(gate), "gpu0.copy");
  engine.spawn(waits(gate), "host.hash");
  engine.spawn_service(waits(gate), "gpu0.commands");
  CHECK(engine.blocked().count == 0);  // not started yet: events are pending
  engine.run();
  CHECK(engine.blocked().count == 3);
  CHECK(engine.blocked().str() == "3 processes wait forever: 2 x gpu0.copy, 1 x host.hash");
  CHECK(engine.live_processes() == 4);
  gate.open();
  engine.run();
  CHECK(engine.blocked().count == 0);
  CHECK(engine.blocked().str() == "no process waits forever");
  CHECK(engine.live_processes() == 0);
}

TEST_CASE("destroying an engine frees the frames of pending processes") {
  const auto before = frame_stats().live_frames;
  {
    Engine engine;
    Gate gate(engine);
    std::vector<Time> log;
    for (int i = 0; i < 100; ++i) {
      engine.spawn(ticker(engine, 1_us, 1000, log), "t");
      engine.spawn(waits(gate), "w");
    }
    engine.run_until(Time::at(5_us));
    CHECK(frame_stats().live_frames == before + 200);
  }
  CHECK(frame_stats().live_frames == before);
}

TEST_CASE("a process that was never spawned is freed") {
  const auto before = frame_stats();
  {
    Engine engine;
    std::vector<int> log;
    const Process p = note_after(engine, 1_ns, 1, log);
    CHECK(frame_stats().live_frames == before.live_frames + 1);
  }
  CHECK(frame_stats().live_frames == before.live_frames);
  CHECK(frame_stats().live_bytes == before.live_bytes);
}

TEST_CASE("abandoned processes are gone, and the engine goes on") {
  Engine engine;
  std::vector<Time> log;
  engine.spawn(ticker(engine, 1_us, 5, log), "t");
  engine.run_until(Time::at(2_us));
  engine.abandon();
  CHECK(engine.live_processes() == 0);
  engine.run();
  CHECK(log.size() == 2);
  CHECK(engine.now() == Time::at(2_us));
}

TEST_CASE("the draws of an engine follow its seed") {
  CHECK(Engine(5).random("x").at(0) == RandomStream(5, "x").at(0));
  CHECK(Engine(5).random("x").at(0) != Engine(6).random("x").at(0));
}
