// Window, Gate, Timer and Alarm.
#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "sim/des/gate.hpp"
#include "sim/des/timer.hpp"
#include "sim/des/window.hpp"

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

namespace {

Process in_flight(Engine& engine, Window& window, Duration d, std::vector<Time>& opened) {
  co_await window.open();
  opened.push_back(engine.now());
  co_await engine.delay(d);
  window.close();
}

Process pass(Engine& engine, Gate& gate, std::vector<Time>& log) {
  co_await gate.wait();
  log.push_back(engine.now());
}

struct Outcome {
  bool fired;
  Time at;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Process wait_timer(Engine& engine, Timer& timer, Duration d, int times, std::vector<Outcome>& log) {
  for (int i = 0; i < times; ++i) {
    const bool fired = co_await timer.wait(d);
    log.push_back({fired, engine.now()});
  }
}

Process cancel_at(Engine& engine, Timer& timer, Duration d) {
  co_await engine.delay(d);
  timer.cancel();
}

Process rearm_at(Engine& engine, Timer& timer, Duration at, Duration d) {
  co_await engine.delay(at);
  timer.rearm(d);
}

// A run in which `cancelled` timers are set to go off within it, but are cancelled at once.
std::pair<std::uint64_t, std::uint64_t> run_with_cancelled(int cancelled) {
  Engine engine;
  std::vector<Outcome> log;
  struct Silent {
    static std::coroutine_handle<> fire(void*) { return nullptr; }
  };
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < cancelled; ++i) {
    alarms.push_back(std::make_unique<Alarm>(engine, "alarm", &Silent::fire, nullptr));
    alarms.back()->arm(Time::at((1 + i) * 1_ns));
    alarms.back()->cancel();
  }
  Timer timer(engine);
  engine.spawn(wait_timer(engine, timer, 5_ns, 3, log), "w");
  engine.run();
  CHECK(engine.now() == Time::at(15_ns));
  return {engine.fingerprint(), engine.events()};
}

}  // namespace

TEST_CASE("a window holds no more than its size and hands places on in order") {
  Engine engine;
  Window window(engine, 2);
  std::vector<Time> opened;
  for (int i = 0; i < 5; ++i) engine.spawn(in_flight(engine, window, 10_ns, opened), "w");
  engine.run_until(Time::at(5_ns));
  CHECK(window.occupied().value() == 2);
  CHECK(window.waiting().value() == 3);
  CHECK_FALSE(window.try_open());
  engine.run();
  CHECK(opened == std::vector<Time>{Time::zero(), Time::zero(), Time::at(10_ns), Time::at(10_ns),
                                    Time::at(20_ns)});
  CHECK(window.opened() == 5);
  CHECK(window.occupied().max() == 2);
  CHECK(window.occupied().value() == 0);
  CHECK(window.occupied().integral(engine.now()) == 50'000);
  CHECK(window.waiting().max() == 3);
}

TEST_CASE("a gate wakes everybody when it opens and can be used again") {
  Engine engine;
  Gate gate(engine);
  std::vector<Time> log;
  for (int i = 0; i < 3; ++i) engine.spawn(pass(engine, gate, log), "p");
  engine.run_until(Time::at(4_ns));
  CHECK(log.empty());
  gate.open();
  engine.run();
  CHECK(log == std::vector<Time>(3, Time::at(4_ns)));
  engine.spawn(pass(engine, gate, log), "p");  // open: goes through
  engine.run();
  CHECK(log.size() == 4);
  gate.close();
  engine.spawn(pass(engine, gate, log), "p");
  engine.run();
  CHECK(log.size() == 4);
  CHECK(engine.blocked().count == 1);
}

TEST_CASE("a timer fires at its time, or wakes the waiter when it is cancelled") {
  Engine engine;
  Timer timer(engine);
  std::vector<Outcome> log;
  engine.spawn(wait_timer(engine, timer, 10_ns, 3, log), "w");
  engine.spawn(cancel_at(engine, timer, 14_ns), "c");
  engine.run();
  CHECK(log == std::vector<Outcome>{
                   {true, Time::at(10_ns)}, {false, Time::at(14_ns)}, {true, Time::at(24_ns)}});
  CHECK_FALSE(timer.waiting());
  timer.cancel();  // nobody waits: nothing happens
  CHECK(engine.pending() == 0);
}

TEST_CASE("a timer can be set anew, later or earlier, while it is waited for") {
  Engine engine;
  Timer timer(engine);
  std::vector<Outcome> log;
  engine.spawn(wait_timer(engine, timer, 10_ns, 2, log), "w");
  engine.spawn(rearm_at(engine, timer, 6_ns, 10_ns), "r");  // 10 -> 16
  engine.spawn(rearm_at(engine, timer, 17_ns, 2_ns), "r");  // 26 -> 19
  engine.run();
  CHECK(log == std::vector<Outcome>{{true, Time::at(16_ns)}, {true, Time::at(19_ns)}});
  CHECK(engine.now() == Time::at(19_ns));
}

TEST_CASE("a cancelled alarm leaves no trace in the events and the fingerprint") {
  const auto plain = run_with_cancelled(0);
  CHECK(run_with_cancelled(3) == plain);
  CHECK(run_with_cancelled(5000) == plain);
}

TEST_CASE("the clock does not move to the time of a cancelled alarm") {
  Engine engine;
  Timer timer(engine);
  std::vector<Outcome> log;
  engine.spawn(wait_timer(engine, timer, 1_ms, 1, log), "w");
  engine.spawn(cancel_at(engine, timer, 3_ns), "c");
  engine.run();
  CHECK(engine.now() == Time::at(3_ns));
  std::vector<Time> opened;  // what follows starts from there
  Window window(engine, 1);
  engine.spawn(in_flight(engine, window, 4_ns, opened), "w");
  engine.run();
  CHECK(engine.now() == Time::at(7_ns));
}

TEST_CASE("events after a cancelled alarm keep their order") {
  Engine engine;
  Timer timer(engine);
  std::vector<Outcome> log;
  engine.spawn(wait_timer(engine, timer, 1_ms, 1, log), "w");
  engine.spawn(cancel_at(engine, timer, 3_ns), "c");
  engine.run();  // the queue has met the cancelled alarm, at 1 ms; the clock stands at 3 ns
  struct P {
    Engine& engine;
    std::vector<Time> times{};
    static std::coroutine_handle<> fire(void* self) {
      auto* p = static_cast<P*>(self);
      p->times.push_back(p->engine.now());
      return nullptr;
    }
    static Process run(Engine& e, Duration d, std::vector<Time>& times) {
      co_await e.delay(d);
      times.push_back(e.now());
    }
  };
  P p{engine};
  Alarm alarm(engine, "a", &P::fire, &p);
  alarm.arm(Time::at(1_ms));  // the very time at which the queue stopped
  for (std::int64_t i = 0; i < 1000; ++i)
    engine.spawn(P::run(engine, (i * 7919 % 1000) * 10_ns + i % 2 * 995_us, p.times), "p");
  engine.run();
  CHECK(p.times.size() == 1001);
  CHECK(std::is_sorted(p.times.begin(), p.times.end()));
}

TEST_CASE("cancelled alarms do not pile up in the queue") {
  Engine engine;
  struct P {
    static std::coroutine_handle<> fire(void*) { return nullptr; }
    static Process run(Engine& e, Alarm& alarm) {
      for (int i = 0; i < 10'000; ++i) {
        alarm.arm(e.now() + 1_s);
        CHECK(e.pending() == 1);
        CHECK(e.queued() < 200);
        co_await e.delay(1_ns);
      }
      alarm.cancel();
    }
  };
  Alarm alarm(engine, "a", &P::fire, nullptr);
  engine.spawn(P::run(engine, alarm), "p");
  engine.run();
  CHECK(engine.now() == Time::at(10_us));
}
