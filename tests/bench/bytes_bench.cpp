// Bytes of resident memory a pending process takes, frame and queue entry together: growth of the
// resident set of a fresh process while it fills the engine.
#include <memory>

#include "sim/des/engine.hpp"
#include "tests/bench/hold.hpp"

using namespace fieldsim;
using namespace fieldsim::des;

namespace {

Process hold(Engine& engine, bench::Table& table, std::int64_t& count) {
  for (;;) {
    co_await engine.delay(Duration::raw(table.next()));
    ++count;
  }
}

}  // namespace

int main() {
  constexpr long kPending = 1'000'000;
  bench::Table table(bench::kExponential);
  Engine engine;
  std::int64_t count = 0;
  const double before = bench::resident_bytes();
  for (long i = 0; i < kPending; ++i) engine.spawn(hold(engine, table, count), "hold");
  engine.run_until(Time::at(Duration::raw(1'000)));
  const double bytes = (bench::resident_bytes() - before) / kPending;
  bench::report("fieldsim", "bytes", kPending, 0, bytes);
}
