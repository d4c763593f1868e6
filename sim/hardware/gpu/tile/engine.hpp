#pragma once
// The kernel engine that every operation shares: a schedule of CTAs on the SMs, a stream of bytes
// through one memory level, and how far the two overlap.
#include "sim/hardware/gpu/tile/schedule.hpp"
#include "sim/hardware/gpu/tile/shape.hpp"

namespace fieldsim::hardware::tile {

// Where the bytes of a launch come from. A buffer that is read again and again in a cycle is either
// wholly in L2 or not at all: under LRU-like replacement a cyclic scan larger than the cache evicts
// every line before its next use. `kL2Share` of the capacity holds such a scan (metadata, other
// tensors and hash conflicts take the rest; footprints of 0.67-0.84 cannot be told apart).
inline constexpr double kL2Share = 0.75;

struct MemoryLevel {
  double rate = 0;        // bytes per us, all SMs
  bool resident = false;  // in L2
};
MemoryLevel memory_level(const GpuShape& gpu, double footprint_bytes, double dram_share,
                         bool cold = false);

// Smooth maximum of two times that proceed together: (a^p + b^p)^(1/p). p = 1 is no overlap.
double overlapped(double a, double b, double p);

// A launch on the whole GPU.
struct Launch {
  Grid grid;
  CtaCost cost;
  SmSlots slots;
  double bytes = 0;  // streamed by all CTAs together
  MemoryLevel level;
  double overlap = 4;        // exponent; 3 to 8 are equivalent on decode attention
  double desync_waves = 30;  // waves after which half of the SMs are out of step; 0: at once
};

struct KernelTime {
  double total = 0;
  double sm = 0;       // makespan of the SM work alone
  double memory = 0;   // transfer time alone
  double exposed = 0;  // prologues that no other SM's stream hides
  double tail = 0;     // part of `sm` in which SMs have run out of work
};

// In the first waves all SMs run their prologue at the same time, so no transfer hides it; after
// tens of waves they are out of step and one SM's prologue hides behind another's stream.
KernelTime kernel_time(const Launch& launch);

// Clock loss of a kernel that keeps the matrix pipes busy long enough for the power controller:
// none up to `from` us, `droop` at `to` us, logarithmic between.
double droop_factor(double us, double droop, double from, double to);

}  // namespace fieldsim::hardware::tile
