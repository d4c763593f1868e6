#include "sim/des/process.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/des/latch.hpp"

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

namespace {

Task<int> leaf(int x) { co_return x; }

Task<std::unique_ptr<std::string>> slow_text(Engine& engine, std::string text, Duration d) {
  co_await engine.delay(d);
  co_return std::make_unique<std::string>(std::move(text));
}

Task<> sleep(Engine& engine, Duration d) { co_await engine.delay(d); }

Task<> fail_after(Engine& engine, Duration d, const char* message) {
  co_await engine.delay(d);
  throw std::runtime_error(message);
}

Task<int> nested(Engine& engine, int depth) {
  if (depth == 0) {
    co_await engine.delay(1_ns);
    co_return 0;
  }
  co_return 1 + co_await nested(engine, depth - 1);
}

Process sum_of_leaves(int n, long& sum) {
  for (int i = 0; i < n; ++i) sum += co_await leaf(i % 2);
}

}  // namespace

TEST_CASE("two million awaits of a child need no stack and no events") {
  Engine engine;
  long sum = 0;
  engine.spawn(sum_of_leaves(2'000'000, sum), "p");
  engine.run();
  CHECK(sum == 1'000'000);
  CHECK(engine.events() == 1);
  CHECK(engine.now() == Time::zero());
}

TEST_CASE("tasks nest a hundred thousand deep") {
  Engine engine;
  struct P {
    static Process run(Engine& e, int& depth) { depth = co_await nested(e, 100'000); }
  };
  int depth = 0;
  engine.spawn(P::run(engine, depth), "p");
  engine.run();
  CHECK(depth == 100'000);
  CHECK(engine.now() == Time::at(1_ns));
}

TEST_CASE("a task hands back a value that can only be moved") {
  Engine engine;
  struct P {
    static Process run(Engine& e, std::string& out) {
      const auto a = co_await slow_text(e, "a text that is too long for the small buffer", 2_ns);
      auto task = slow_text(e, ", and another one of some length", 3_ns);
      const auto b = co_await task;
      out = *a + *b;
    }
  };
  std::string out;
  engine.spawn(P::run(engine, out), "p");
  engine.run();
  CHECK(out == "a text that is too long for the small buffer, and another one of some length");
  CHECK(engine.now() == Time::at(5_ns));
}

TEST_CASE("an exception of a task can be caught by its caller") {
  Engine engine;
  struct P {
    static Process run(Engine& e, std::string& out) {
      try {
        co_await fail_after(e, 2_ns, "no such page");
      } catch (const std::runtime_error& error) {
        out = error.what();
      }
      co_await e.delay(1_ns);
    }
  };
  std::string out;
  engine.spawn(P::run(engine, out), "p");
  engine.run();
  CHECK(out == "no such page");
  CHECK(engine.now() == Time::at(3_ns));
}

TEST_CASE("an exception of a task that nobody catches ends the run") {
  Engine engine;
  struct P {
    static Process run(Engine& e) { co_await fail_after(e, 2_ns, "no such page"); }
  };
  engine.spawn(P::run(engine), "kv");
  CHECK_THROWS_WITH(engine.run(), "at 2000 ps in 'kv': no such page");
}

TEST_CASE("all runs its tasks side by side and ends with the last") {
  Engine engine;
  struct P {
    static Process run(Engine& e, std::vector<Time>& log) {
      co_await all(e, sleep(e, 5_ns), sleep(e, 9_ns), sleep(e, 2_ns));
      log.push_back(e.now());
      std::vector<Task<>> tasks;
      for (int i = 1; i <= 4; ++i) tasks.push_back(sleep(e, i * 1_ns));
      co_await all(e, std::move(tasks));
      log.push_back(e.now());
      co_await all(e, std::vector<Task<>>{});
      log.push_back(e.now());
    }
  };
  std::vector<Time> log;
  engine.spawn(P::run(engine, log), "p");
  engine.run();
  CHECK(log == std::vector<Time>{Time::at(9_ns), Time::at(13_ns), Time::at(13_ns)});
}

TEST_CASE("all waits for every task, then throws the first failure of the list") {
  Engine engine;
  struct P {
    static Process run(Engine& e, std::string& out) {
      try {
        co_await all(e, sleep(e, 1_ns), fail_after(e, 7_ns, "late"), fail_after(e, 3_ns, "early"));
      } catch (const std::runtime_error& error) {
        out = error.what();
      }
    }
  };
  std::string out;
  engine.spawn(P::run(engine, out), "p");
  engine.run();
  CHECK(out == "late");
  CHECK(engine.now() == Time::at(7_ns));
}

TEST_CASE("a latch opens when it was counted down to zero") {
  Engine engine;
  Latch latch(engine, 3);
  struct P {
    static Process wait(Engine& e, Latch& l, std::vector<Time>& log) {
      co_await l.wait();
      log.push_back(e.now());
    }
    static Process count(Engine& e, Latch& l, Duration d) {
      co_await e.delay(d);
      l.count_down();
    }
  };
  std::vector<Time> log;
  engine.spawn(P::wait(engine, latch, log), "w");
  engine.spawn(P::wait(engine, latch, log), "w");
  for (int i = 1; i <= 3; ++i) engine.spawn(P::count(engine, latch, i * 10_ns), "c");
  engine.run();
  CHECK(log == std::vector<Time>{Time::at(30_ns), Time::at(30_ns)});
  engine.spawn(P::wait(engine, latch, log), "w");  // an open latch lets through
  engine.run();
  CHECK(log.size() == 3);
}

TEST_CASE("every frame is freed when its coroutine ends") {
  const auto before = frame_stats();
  {
    Engine engine;
    long sum = 0;
    for (int i = 0; i < 50; ++i) engine.spawn(sum_of_leaves(10, sum), "p");
    engine.run();
    CHECK(sum == 250);
    CHECK(frame_stats().live_frames == before.live_frames);
    CHECK(frame_stats().live_bytes == before.live_bytes);
  }
}

TEST_CASE("frames of tasks in flight are freed with the engine") {
  const auto before = frame_stats();
  {
    Engine engine;
    struct P {
      static Process run(Engine& e) {
        co_await all(e, sleep(e, 5_us), sleep(e, 9_us));
        co_await nested(e, 10);
      }
    };
    engine.spawn(P::run(engine), "p");
    engine.run_until(Time::at(1_us));
    CHECK(frame_stats().live_frames >= before.live_frames + 4);
  }
  CHECK(frame_stats().live_frames == before.live_frames);
}

TEST_CASE("frames are reused, not taken from the system again") {
  Engine engine;
  struct P {
    static Process run(Engine& e) { co_await e.delay(1_ns); }
  };
  for (int i = 0; i < 1000; ++i) engine.spawn(P::run(engine), "p");
  engine.run();
  const auto slabs = frame_stats().slab_bytes;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 1000; ++i) engine.spawn(P::run(engine), "p");
    engine.run();
  }
  CHECK(frame_stats().slab_bytes == slabs);
}
