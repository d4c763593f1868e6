#pragma once
// The datasheet of a GPU in the units of the tile model: times in microseconds, rates in bytes or
// FLOPs per microsecond. Inside the model a double is a cost estimate; callers get a Duration.
#include <string>

#include "sim/hardware/params.hpp"

namespace fieldsim::hardware::tile {

// Which generation of kernels runs: it decides tile sizes, split rules and scheduling, all read
// from the kernels' sources. ampere: mma.sync and cp.async (FlashAttention 2), also sm_86 and
// sm_89. hopper: warpgroup kernels (FlashAttention 3). blackwell: the TensorRT-LLM generator's
// kernels.
enum class Family { ampere, hopper, blackwell };

Family family_of(const std::string& architecture);  // "sm_90" -> hopper; ConfigError if unknown
const char* name(Family family);

struct GpuShape {
  Family family = Family::hopper;
  double sms = 0;         // streaming multiprocessors
  double clock = 0;       // cycles per us
  double dram = 0;        // bytes per us, datasheet
  double latency = 0;     // us, from DRAM load to use
  double l2_bytes = 0;    // L2 capacity
  double l2_rate = 0;     // bytes per us that all SMs together read from L2
  double matrix = 0;      // dense 16-bit FLOPs per us
  double mma_sync = 1;    // share of them that warp-level instructions reach
  double fp32_lanes = 0;  // per SM
  SmParams sm;            // residency limits
};

GpuShape shape_of(const GpuParams& gpu);

// A model time as simulated time, rounded up to a picosecond.
Duration duration_of(double us);

}  // namespace fieldsim::hardware::tile
