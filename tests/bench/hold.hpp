#pragma once
// The hold model, the same for every simulator (C++17): n processes, each of which sleeps for the
// next increment of one table, over and over. The table is drawn beforehand, so that no random
// numbers are timed. Times are in ps.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

namespace bench {

inline std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
inline double uniform(std::uint64_t& state) {
  return (static_cast<double>(splitmix64(state) >> 11) + 0.5) * 0x1p-53;
}

enum Increments { kExponential, kSkewed, kTied, kPareto, kHalfZero };
constexpr const char* kNames[] = {"exponential", "skewed", "tied", "pareto", "half_zero"};

class Table {
 public:
  explicit Table(Increments kind) : values_(kSize) {
    constexpr std::uint64_t kDelays[] = {1'000,  2'500,  5'000,   10'000,
                                         20'000, 50'000, 100'000, 1'000'000};
    std::uint64_t state = 42;
    for (auto& v : values_) {
      const double u = uniform(state);
      const double exponential = -std::log(u);
      switch (kind) {
        case kExponential:
          v = static_cast<std::uint64_t>(1e6 * exponential) + 1;
          break;       // 1 us
        case kSkewed:  // 90 % around 1 ns, 10 % around 1 ms
          v = static_cast<std::uint64_t>((uniform(state) < 0.9 ? 1e3 : 1e9) * exponential) + 1;
          break;
        case kTied:
          v = kDelays[splitmix64(state) % 8];
          break;
        case kPareto:  // shape 1.1, from 100 ns
          v = static_cast<std::uint64_t>(std::min(1e15, 1e5 * std::pow(u, -1 / 1.1)));
          break;
        case kHalfZero:
          v = splitmix64(state) % 2 == 0 ? 0 : static_cast<std::uint64_t>(1e6 * exponential) + 1;
          break;
      }
    }
  }
  std::int64_t next() { return static_cast<std::int64_t>(values_[i_++ % kSize]); }

 private:
  static constexpr std::size_t kSize = std::size_t{1} << 14;
  std::vector<std::uint64_t> values_;
  std::size_t i_ = 0;
};

// CPU time of this thread: on a shared machine wall time counts the others' work.
inline double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

inline double resident_bytes() {
  std::ifstream f("/proc/self/statm");
  double total = 0;
  double resident = 0;
  f >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// One line a measurement, which tests/bench/run collects.
inline void report(const char* simulator, const char* model, long n, double ns, double bytes) {
  std::printf("RES %s %s %ld %.3f %.1f\n", simulator, model, n, ns, bytes);
  std::fflush(stdout);
}

}  // namespace bench
