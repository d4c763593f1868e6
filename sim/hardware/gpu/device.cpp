#include "sim/hardware/gpu/device.hpp"

#include <algorithm>

#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/usage.hpp"

namespace fieldsim::hardware::gpu {

BytesPerSecond effective_bandwidth(const HbmParams& hbm) {
  const BytesPerSecond streaming = scaled(hbm.bandwidth, hbm.achieved);
  const int128 by_latency =
      static_cast<int128>(hbm.in_flight.count()) * kPsPerSecond / hbm.latency.count();
  return std::min(streaming, BytesPerSecond::raw(detail::narrow(by_latency)));
}

Device::Device(des::Engine& engine, const GpuParams& params)
    : engine_(engine),
      params_(params),
      bandwidth_(effective_bandwidth(params.hbm)),
      memory_(engine, "gpu.hbm", bandwidth_),
      compute_(engine, "gpu.compute", kWholeDevice),
      copy_engines_(engine, params.copy_engines) {}

bool Device::quiet() const {
  return claimant_ == nullptr && arriving_ == 0 && memory_.idle() && compute_.idle();
}

des::Task<> Device::make_way() {
  // Another stream may claim the device between being let in and going on.
  while (claimant_ != nullptr) co_await claimant_->make_way();
}

des::Task<> Device::memory_flow(Bytes bytes, BytesPerSecond cap) {
  co_await make_way();
  co_await memory_.transfer(bytes, std::min(cap, bandwidth_));
  memory_bytes_ += bytes;
}

Duration Device::body_alone(const Kernel& k) const {
  Duration moved;
  if (k.hbm > Bytes::zero()) moved = time_for(k.hbm, std::min(k.hbm_cap, bandwidth_));
  return lead(k) + std::max(moved, k.compute);
}

Duration Device::lead(const Kernel& k) const {
  const bool loads = k.hbm > Bytes::zero() && !k.timed;
  return k.fixed + (loads ? params_.hbm.latency : Duration::zero());
}

Duration Device::memory_busy() const {
  return busy_time(memory_.busy(), engine_.now()) + elided_memory_busy_;
}
Duration Device::compute_busy() const {
  return busy_time(compute_.busy(), engine_.now()) + elided_compute_busy_;
}

}  // namespace fieldsim::hardware::gpu
