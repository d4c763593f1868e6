#pragma once
// One host with one device, wired: what the parameters of a hardware file become.
#include "sim/des/engine.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/params.hpp"
#include "sim/hardware/pcie/link.hpp"
#include "sim/hardware/task_log.hpp"

namespace fieldsim::system {

struct Machine {
  Machine(des::Engine& e, const hardware::HardwareParams& params)
      : engine(e),
        device(e, params.gpu),
        host(e, params.host),
        link(e, params.link, device, host) {}
  des::Engine& engine;
  hardware::gpu::Device device;
  hardware::Host host;
  hardware::pcie::Link link;
  hardware::TaskLog* tasks = nullptr;  // what ran, when somebody asks
};

// Totals of every shared part at one moment; a phase is the difference of two.
struct Snapshot {
  Duration hbm, compute, to_device, to_host, host_memory, hashing;
  Bytes hbm_bytes, to_device_bytes, to_host_bytes, host_bytes, hashed;
};

inline Snapshot snapshot(const Machine& m) {
  using hardware::pcie::Direction;
  return {m.device.memory_busy(),
          m.device.compute_busy(),
          m.link.busy(Direction::to_device),
          m.link.busy(Direction::to_host),
          m.host.memory_busy(),
          m.host.hash_time(),
          m.device.memory_bytes(),
          m.link.moved(Direction::to_device),
          m.link.moved(Direction::to_host),
          m.host.memory_bytes(),
          m.host.hashed()};
}

}  // namespace fieldsim::system
