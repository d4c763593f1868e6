// The hold model on SimGrid: actors that sleep. Arguments: pending actors, events to time.
#include <cstdlib>
#include <simgrid/s4u.hpp>

#include "tests/bench/hold.hpp"

namespace {

bench::Table* table;
long warm_up, events, count;
double started, elapsed;

void sleeper() {
  while (count < warm_up + events) {
    simgrid::s4u::this_actor::sleep_for(static_cast<double>(table->next()) * 1e-3);
    if (++count == warm_up) started = bench::cpu_seconds();
    if (count == warm_up + events) elapsed = bench::cpu_seconds() - started;
  }
}

}  // namespace

int main(int argc, char** argv) {
  simgrid::s4u::Engine engine(&argc, argv);
  if (argc != 3) return 2;
  const long n = std::atol(argv[1]);
  events = std::atol(argv[2]);
  warm_up = std::max(n, 10'000L);
  bench::Table increments(bench::kExponential);
  table = &increments;
  auto* zone = simgrid::s4u::create_full_zone("zone");
  auto* host = zone->create_host("host", 1e9)->seal();
  zone->seal();
  const double before = bench::resident_bytes();
  for (long i = 0; i < n; ++i) simgrid::s4u::Actor::create("sleeper", host, sleeper);
  engine.run_until(1e-9);
  const double bytes = (bench::resident_bytes() - before) / static_cast<double>(n);
  engine.run();
  bench::report("simgrid_actors", "exponential", n, elapsed / static_cast<double>(events) * 1e9,
                bytes);
}
