// The hold model on ns-3: a function that schedules itself. ns-3 has no processes, so this is its
// cheapest form. Arguments: scheduler, pending events, events to time.
#include <ns3/core-module.h>

#include <cstdlib>
#include <string>

#include "tests/bench/hold.hpp"

namespace {

bench::Table* table;
long left;

void fire(std::uint32_t id) {
  if (--left == 0) ns3::Simulator::Stop();
  ns3::Simulator::Schedule(ns3::PicoSeconds(static_cast<std::uint64_t>(table->next())), &fire, id);
}

void run(long events) {
  left = events;
  ns3::Simulator::Run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string scheduler = argv[1];
  const long n = std::atol(argv[2]);
  const long events = std::atol(argv[3]);
  ns3::Time::SetResolution(ns3::Time::PS);
  ns3::ObjectFactory factory;
  factory.SetTypeId("ns3::" + scheduler);
  ns3::Simulator::SetScheduler(factory);
  bench::Table increments(bench::kExponential);
  table = &increments;
  const double before = bench::resident_bytes();
  for (long i = 0; i < n; ++i)
    ns3::Simulator::Schedule(ns3::PicoSeconds(static_cast<std::uint64_t>(table->next())), &fire,
                             static_cast<std::uint32_t>(i));
  const double bytes = (bench::resident_bytes() - before) / static_cast<double>(n);
  run(std::max(n, 100'000L));
  const double start = bench::cpu_seconds();
  run(events);
  const double ns = (bench::cpu_seconds() - start) / static_cast<double>(events) * 1e9;
  bench::report(("ns3_" + scheduler).c_str(), "exponential", n, ns, bytes);
  ns3::Simulator::Destroy();
}
