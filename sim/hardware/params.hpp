#pragma once
// What a hardware file says: one struct per part, every member with its unit. The YAML keys are the
// member names; configs/hardware/*.yaml gives each number with its source.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/base/units.hpp"

namespace fieldsim::hardware {

// Device memory. A transfer of b bytes takes latency + b / min(achieved * bandwidth, in_flight /
// latency): the second term is Little's law over the loads that all SMs keep outstanding.
struct HbmParams {
  Bytes capacity;            // what a program can allocate
  BytesPerSecond bandwidth;  // datasheet peak
  double achieved = 1.0;     // share of the peak that a long streaming read reaches
  Duration latency;          // DRAM load to use, under load
  Bytes in_flight;           // bytes outstanding over all SMs
};

// Occupancy limits and on-chip memory of one streaming multiprocessor (core, for a TPU).
struct SmParams {
  std::int64_t count = 0;
  Hertz clock;                  // boost clock
  Bytes shared_memory;          // per SM, usable by CTAs together
  Bytes shared_memory_per_cta;  // opt-in limit of one CTA
  std::int64_t registers = 0;   // 32-bit registers per SM
  std::int64_t warps = 0;       // resident warps per SM
  std::int64_t ctas = 0;        // resident CTAs per SM
  std::int64_t fp32_lanes = 0;  // FMA lanes per SM
  // L1 and shared memory together, the figure of press and papers. No model uses it: what CTAs can
  // share is above.
  std::optional<Bytes> l1 = std::nullopt;
};

struct L2Params {
  Bytes capacity;
  BytesPerSecond bandwidth;
};

struct ComputeParams {
  FlopsPerSecond fp16;    // dense FP16/BF16 matrix rate, datasheet
  FlopsPerSecond int8;    // dense 8-bit matrix rate, datasheet
  FlopsPerSecond fp32;    // vector FP32 rate, datasheet
  double achieved = 1.0;  // share of the matrix rate a large GEMM reaches
  // Share of the FP16 rate that warp-level mma.sync reaches, where newer instructions (wgmma,
  // tcgen05) are needed for all of it; absent: all. What a kernel of an older generation can have.
  std::optional<double> mma_sync;
};

// Fixed costs of driving the device.
struct LaunchParams {
  Duration eager;        // one kernel after another on a stream, launched by the host
  Duration graph;        // the same inside a replayed graph
  Duration synchronize;  // host waits for a stream or an event and wakes up
};

// SHA-256 tree hashing on the device (sim/verify/tree.hpp has the formula and its source).
struct TreeHashParams {
  BytesPerSecond rate;   // bytes of payload and padding per second
  Duration level;        // launch of one tree level
  Duration compression;  // one dependent 64-byte SHA-256 compression in a thread
};

// Fitted numbers of the tile model by name, "decode.launch_us" (sim/hardware/gpu/tile/params.hpp).
// What is absent has its architecture's default.
struct TileNumbers {
  std::map<std::string, std::optional<Duration>> times;
  std::map<std::string, std::optional<double>> ratios;
  std::map<std::string, std::optional<BytesPerSecond>> rates;
};

struct PowerParams {
  Power idle;
  Power busy;  // sustained limit (TDP)
};

struct GpuParams {
  std::string architecture;  // sm_80, sm_90, sm_100, gfx942, tpu_v5e ...
  SmParams sm;
  L2Params l2;
  HbmParams hbm;
  ComputeParams compute;
  LaunchParams launch;
  TreeHashParams tree_hash;
  std::int64_t copy_engines = 2;
  PowerParams power;
  TileNumbers tile;
};

enum class LinkKind { pcie, nvlink_c2c };

// Host to device. PCIe: the rate follows from generation, lanes, payload size and protocol overhead
// (sim/hardware/pcie). NVLink-C2C: the two rates are given.
struct LinkParams {
  LinkKind kind = LinkKind::pcie;
  std::int64_t generation = 4;
  std::int64_t lanes = 16;
  Bytes max_payload;       // MPS
  Bytes max_read_request;  // MRRS
  std::optional<BytesPerSecond>
      to_device;  // nvlink_c2c: payload rate; pcie: limit of the DMA engine
  std::optional<BytesPerSecond> to_host;
  Duration submit;     // host enqueues one copy
  Duration dma_start;  // engine fetches the descriptor, first byte moves
};

// One hash function on one core: t(n) = per_call + n / rate.
struct HashParams {
  Duration per_call;
  BytesPerSecond rate;
};

struct HostParams {
  std::string name;
  std::string description;
  std::string cpu;
  std::int64_t cores = 0;
  bool sha_ni = true;       // SHA-256 instructions: selects sha256 below, or sha256_plain
  HashParams sha256;        // with SHA-NI
  HashParams sha256_plain;  // without
  HashParams blake3;
  HashParams interpreted;     // one element at a time in an interpreter (paper preset D)
  Duration merkle_node;       // one 2-to-1 hash on a path
  Duration signature_verify;  // Ed25519, a signed tree head
  BytesPerSecond memory_bandwidth;
  BytesPerSecond pageable_copy;  // staging copy of cudaMemcpy from or to pageable memory
  Duration step_overhead;        // scheduler, sampler and bookkeeping per serving step
  PowerParams power;             // one core
};

struct HardwareParams {
  std::string name;
  std::string description;
  GpuParams gpu;
  LinkParams link;
  HostParams host;
};

}  // namespace fieldsim::hardware
