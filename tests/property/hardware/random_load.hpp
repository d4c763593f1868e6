#pragma once
// A random load of one machine: programs on two streams, copies, raw flows through device memory,
// cancellations. run() plays it and returns everything that can be observed.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "tests/unit/hardware/machine.hpp"

namespace fieldsim::hardware::test {

struct Load {
  struct StreamLoad {
    Duration start, gap;
    std::vector<gpu::Program> programs;
    std::vector<Duration> cancels;  // after the start
  };
  struct Copy {
    Duration start;
    pcie::Direction direction;
    Bytes bytes;
    pcie::HostMemory memory;
  };
  struct Flow {
    Duration start;
    int hops;  // events at the same time before the flow begins
    Bytes bytes;
    BytesPerSecond cap;
  };
  BytesPerSecond bandwidth;  // of device memory
  std::vector<StreamLoad> streams;
  std::vector<Copy> copies;
  std::vector<Flow> flows;
};

// Draws loads. On a grid of 1 us everything coincides with something all the time.
class LoadMaker {
 public:
  LoadMaker(std::uint64_t seed, bool grid, bool cancels)
      : random_(seed, "load"), grid_(grid), cancels_(cancels) {}
  Load make();

 private:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  Duration time(std::int64_t most_us);
  Bytes bytes(std::int64_t most_us);
  gpu::Kernel kernel();
  gpu::Program program();

  RandomStream random_;
  bool grid_, cancels_;
};

// Everything observable, in one list: equal lists are equal runs.
std::vector<std::int64_t> play(const Load& load, bool fast_forward, std::uint64_t* elided = nullptr,
                               des::TraceSink* trace = nullptr);

}  // namespace fieldsim::hardware::test
