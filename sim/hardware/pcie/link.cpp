#include "sim/hardware/pcie/link.hpp"

#include <algorithm>

#include "sim/des/latch.hpp"
#include "sim/hardware/usage.hpp"

namespace fieldsim::hardware::pcie {
namespace {
constexpr std::int64_t kStagingPasses =
    2;  // a pageable copy writes the staging buffer, then reads it
}

Link::Link(des::Engine& engine, const LinkParams& params, gpu::Device& device, Host& host)
    : engine_(engine),
      params_(params),
      device_(device),
      host_(host),
      rate_{payload_rate(params, Direction::to_device), payload_rate(params, Direction::to_host)},
      direction_{{engine, "link.to_device", rate_[0]}, {engine, "link.to_host", rate_[1]}},
      engines_(engine, "gpu", "copy engine"),
      lanes_{{engine, "link", "to device"}, {engine, "link", "to host"}} {}

Duration Link::busy(Direction d) const {
  return busy_time(direction_[index(d)].busy(), engine_.now());
}

des::Task<> Link::copy(Direction direction, Bytes bytes, HostMemory memory) {
  co_await engine_.delay(params_.submit);
  co_await transfer(direction, bytes, memory);
}

des::Task<> Link::transfer(Direction direction, Bytes bytes, HostMemory memory) {
  co_await device_.copy_engines().acquire();
  const std::size_t lane = engines_.take();
  const Time started = engine_.now();
  co_await engine_.delay(params_.dma_start);
  const std::size_t on_link = lanes_[index(direction)].take();
  const Time began = engine_.now();
  BytesPerSecond cap = rate_[index(direction)];
  Bytes host_bytes = bytes;
  if (memory == HostMemory::pageable) {
    cap = std::min(cap, host_.params().pageable_copy);
    host_bytes = bytes * (1 + kStagingPasses);
  }
  if (bytes > Bytes::zero()) {
    // Host memory carries the staging passes beside the DMA, in the same time.
    const BytesPerSecond host_cap = BytesPerSecond::raw(cap.count() * (host_bytes / bytes));
    co_await des::all(engine_, wire(direction, bytes, cap), device_.memory_flow(bytes, cap),
                      host_.memory_flow(host_bytes, host_cap));
  }
  engines_.give(lane, direction == Direction::to_host ? "copy to host" : "copy to device", started);
  device_.copy_engines().release();
  draw(direction, on_link, bytes, began);
}

void Link::draw(Direction direction, std::size_t lane, Bytes bytes, Time began) {
  lanes_[index(direction)].give(lane, "copy", began);
  auto* trace = engine_.trace();
  const Duration took = engine_.now() - began;
  if (trace == nullptr || took == Duration::zero()) return;
  constexpr double kGiga = 1e9;
  const char* name = direction == Direction::to_host ? "link to host GB/s" : "link to device GB/s";
  trace->counter(name, began, static_cast<double>(bytes.count()) / seconds(took) / kGiga);
  trace->counter(name, engine_.now(), 0.0);
}

des::Task<> Link::wire(Direction direction, Bytes bytes, BytesPerSecond cap) {
  moved_[index(direction)] += bytes;
  if (direction == Direction::to_device && params_.kind == LinkKind::pcie) {
    // Read requests travel the other way and take their share of it.
    co_await des::all(engine_, lane(Direction::to_device, bytes, cap),
                      lane(Direction::to_host, request_bytes(params_, bytes), cap));
    co_return;
  }
  co_await lane(direction, bytes, cap);
}

des::Task<> Link::lane(Direction direction, Bytes bytes, BytesPerSecond cap) {
  const std::size_t i = index(direction);
  co_await direction_[i].transfer(bytes, std::min(cap, rate_[i]));
}

}  // namespace fieldsim::hardware::pcie
