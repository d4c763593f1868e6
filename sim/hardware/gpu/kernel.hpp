#pragma once
// A device kernel as the event fidelity sees it, and the programs that a stream runs.
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"

namespace fieldsim::hardware::gpu {

// Time of a kernel alone on the device:
//   launches * gap + launch + fixed + latency + max(hbm / rate, compute)
// The two terms of the maximum are flows on shared resources, so kernels and copies that run at the
// same time slow each other down.
struct Kernel {
  const char* name = "";
  Category category = Category::weights;
  Bytes hbm;                                       // read and written
  Bytes hbm_anchors;                               // of these, for anchor tokens
  BytesPerSecond hbm_cap = BytesPerSecond::max();  // the kernel's own limit
  Duration compute;                                // of the whole device's arithmetic units
  Duration fixed;                                  // dependent steps that nothing overlaps
  std::int64_t launches = 1;
  Duration launch;     // of the kernel itself, beside the stream's gap
  bool timed = false;  // `fixed` holds the latency too: the time was predicted as a whole
  Flops flops;         // behind `compute`; for reports
};

// `kernels`, `repeat` times in a row: the equal layers of a transformer.
struct Segment {
  std::vector<Kernel> kernels;
  std::int64_t repeat = 1;
};

struct Program {
  const char* name = "";
  std::vector<Segment> segments;
};

}  // namespace fieldsim::hardware::gpu
