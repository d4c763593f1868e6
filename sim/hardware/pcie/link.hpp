#pragma once
// The link between host and device: two directions, each shared by the copies in flight, and a copy
// engine for each copy. A copy holds every stage of its route together (device memory, link, host
// memory) and ends when the slowest has moved its bytes: cut-through, as DMA engines do it.
#include "sim/base/units.hpp"
#include "sim/des/fair_share.hpp"
#include "sim/des/process.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/params.hpp"
#include "sim/hardware/pcie/rate.hpp"

namespace fieldsim::hardware::pcie {

enum class HostMemory {
  pinned,    // DMA straight from or to it
  pageable,  // through a staging buffer, at the host's copy rate
};

class Link {
 public:
  Link(des::Engine& engine, const LinkParams& params, gpu::Device& device, Host& host);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const LinkParams& params() const { return params_; }
  BytesPerSecond rate(Direction d) const { return payload_rate(params_, d); }

  // One copy: the host submits it, an engine starts it, the bytes flow. Small copies take
  // submit + dma_start whatever their size: the latency floor.
  des::Task<> copy(Direction direction, Bytes bytes, HostMemory memory);

  // The same without the host's submission, for copies enqueued ahead.
  des::Task<> transfer(Direction direction, Bytes bytes, HostMemory memory);

  Bytes moved(Direction d) const { return moved_[index(d)]; }
  Duration busy(Direction d) const;

 private:
  void draw(Direction direction, std::size_t lane, Bytes bytes, Time began);
  static std::size_t index(Direction d) { return d == Direction::to_device ? 0 : 1; }
  des::Task<> wire(Direction direction, Bytes bytes, BytesPerSecond cap);
  des::Task<> lane(Direction direction, Bytes bytes, BytesPerSecond cap);

  des::Engine& engine_;
  LinkParams params_;
  gpu::Device& device_;
  Host& host_;
  BytesPerSecond rate_[2];
  des::Link direction_[2];
  Bytes moved_[2];
  Lanes engines_;
  Lanes lanes_[2];
};

}  // namespace fieldsim::hardware::pcie
