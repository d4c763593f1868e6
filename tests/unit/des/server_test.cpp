#include "sim/des/server.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace fieldsim;
using namespace fieldsim::des;
using namespace fieldsim::literals;

namespace {

struct Done {
  int id;
  Time at;
  friend bool operator==(const Done&, const Done&) = default;
};

Process job(Engine& engine, Server& server, int id, Duration at, Duration hold,
            std::vector<Done>& log) {
  co_await engine.delay(at);
  co_await server.serve(hold);
  log.push_back({id, engine.now()});
}

Process held_job(Engine& engine, Server& server, int id, Duration at, Duration hold,
                 std::vector<Done>& log) {
  co_await engine.delay(at);
  co_await server.acquire();
  co_await engine.delay(hold);
  server.release();
  log.push_back({id, engine.now()});
}

}  // namespace

TEST_CASE("one channel serves in the order of arrival") {
  Engine engine;
  Server server(engine);
  std::vector<Done> log;
  engine.spawn(job(engine, server, 1, 0_ns, 10_ns, log), "j");
  engine.spawn(job(engine, server, 2, 3_ns, 1_ns, log), "j");
  engine.spawn(job(engine, server, 3, 2_ns, 5_ns, log), "j");
  engine.run();
  CHECK(log == std::vector<Done>{{1, Time::at(10_ns)}, {3, Time::at(15_ns)}, {2, Time::at(16_ns)}});
  CHECK(server.served() == 3);
  CHECK(server.busy().integral(engine.now()) == 16'000);
  CHECK(server.utilization() == Approx(1.0));
  // waiting: one from 2 to 3 ns, two from 3 to 10, one from 10 to 15
  CHECK(server.queued().integral(engine.now()) == 1'000 + 2 * 7'000 + 5'000);
  CHECK(server.queued().max() == 2);
}

TEST_CASE("k channels serve k at a time") {
  Engine engine;
  Server server(engine, 2);
  std::vector<Done> log;
  for (int id = 1; id <= 5; ++id) engine.spawn(job(engine, server, id, 0_ns, 10_ns, log), "j");
  engine.run();
  CHECK(log == std::vector<Done>{{1, Time::at(10_ns)},
                                 {2, Time::at(10_ns)},
                                 {3, Time::at(20_ns)},
                                 {4, Time::at(20_ns)},
                                 {5, Time::at(30_ns)}});
  CHECK(server.busy().max() == 2);
  CHECK(server.busy().integral(engine.now()) == 50'000);
}

TEST_CASE("holding and serving share one queue") {
  Engine engine;
  Server server(engine);
  std::vector<Done> log;
  engine.spawn(held_job(engine, server, 1, 0_ns, 4_ns, log), "j");
  engine.spawn(job(engine, server, 2, 1_ns, 2_ns, log), "j");
  engine.spawn(held_job(engine, server, 3, 1_ns, 3_ns, log), "j");
  engine.spawn(job(engine, server, 4, 1_ns, 1_ns, log), "j");
  engine.run();
  CHECK(log ==
        std::vector<Done>{
            {1, Time::at(4_ns)}, {2, Time::at(6_ns)}, {3, Time::at(9_ns)}, {4, Time::at(10_ns)}});
  CHECK(server.busy().value() == 0);
  CHECK(server.queued().value() == 0);
}

TEST_CASE("a service is one event, waiting included") {
  Engine engine;
  Server server(engine);
  std::vector<Done> log;
  for (int id = 0; id < 10; ++id) engine.spawn(job(engine, server, id, 0_ns, 1_ns, log), "j");
  engine.run();
  CHECK(engine.events() == 10 + 10 + 10);  // start, zero delay, end of service
}

TEST_CASE("a level integrates exactly and keeps its maximum") {
  Level level;
  level.add(Time::at(10_ps), 3);
  level.add(Time::at(20_ps), -2);
  CHECK(level.value() == 1);
  CHECK(level.max() == 3);
  CHECK(level.integral(Time::at(25_ps)) == 35);
  CHECK(level.mean(Time::at(35_ps)) == Approx(45.0 / 35.0));
  CHECK(Level().mean(Time::zero()) == 0.0);
}
