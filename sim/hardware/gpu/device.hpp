#pragma once
// The device: memory bandwidth and arithmetic units shared by everything that runs on it, and the
// copy engines. Rates from HbmParams; arithmetic is counted in time of the whole device.
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/fair_share.hpp"
#include "sim/des/process.hpp"
#include "sim/des/server.hpp"
#include "sim/hardware/gpu/kernel.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::hardware::gpu {

class Stream;

// Arithmetic is counted in time of the whole device: so many device-picoseconds each second.
using DeviceShare = Quantity<struct DeviceShareTag>;
inline constexpr DeviceShare kWholeDevice = DeviceShare::raw(kPsPerSecond);

// Rate of device memory that the loads in flight can sustain (Little's law), at most the achieved
// share of the peak.
BytesPerSecond effective_bandwidth(const HbmParams& hbm);

class Device {
 public:
  Device(des::Engine& engine, const GpuParams& params);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const GpuParams& params() const { return params_; }
  des::Engine& engine() { return engine_; }
  des::Server& copy_engines() { return copy_engines_; }
  BytesPerSecond bandwidth() const { return bandwidth_; }

  // A flow on device memory from outside the streams (a DMA engine). Ends when the bytes have
  // moved.
  des::Task<> memory_flow(Bytes bytes, BytesPerSecond cap);

  // The launch gap of `kernel`, and its body when it is alone on the device.
  Duration body_alone(const Kernel& kernel) const;
  // From the start of its body to its first bytes.
  Duration lead(const Kernel& kernel) const;

  // Totals, whether kernels were simulated one by one or advanced together.
  Bytes memory_bytes() const { return memory_bytes_; }
  Duration memory_busy() const;
  Duration compute_busy() const;
  std::uint64_t kernels_elided() const { return kernels_elided_; }

 private:
  friend class Stream;
  bool quiet() const;
  des::Task<> make_way();

  des::Engine& engine_;
  GpuParams params_;
  BytesPerSecond bandwidth_;
  des::FairShare<Bytes, BytesPerSecond> memory_;
  des::FairShare<Duration, DeviceShare> compute_;
  des::Server copy_engines_;
  Stream* claimant_ = nullptr;  // the stream that advances a quiet device in one event
  std::int64_t arriving_ = 0;   // kernels whose flows begin at this moment
  Bytes memory_bytes_;
  Duration elided_memory_busy_, elided_compute_busy_;
  std::uint64_t kernels_elided_ = 0;
};

}  // namespace fieldsim::hardware::gpu
