#pragma once
// A machine of round numbers: device memory moves 1 byte a picosecond, so that times can be read
// off. Everything else is cheap and distinct.
#include <functional>
#include <vector>

#include "sim/des/engine.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/pcie/link.hpp"

namespace fieldsim::hardware::test {

using namespace fieldsim::literals;

inline GpuParams round_gpu() {
  GpuParams g;
  g.hbm.capacity = 80_GB;
  g.hbm.bandwidth = 1000_GBps;
  g.hbm.achieved = 1.0;
  g.hbm.latency = 500_ns;
  g.hbm.in_flight = 1_GB;
  g.compute.fp16 = g.compute.int8 = 100_TFLOPs;
  g.compute.fp32 = 10_TFLOPs;
  g.launch = {3_us, 1_us, 10_us};
  g.tree_hash = {100_GBps, 4_us, 2_us};
  g.copy_engines = 2;
  return g;
}

inline LinkParams round_link() {
  LinkParams l;
  l.max_payload = 256_B;
  l.max_read_request = 512_B;
  l.submit = 6_us;
  l.dma_start = 2_us;
  return l;
}

inline HostParams round_host() {
  HostParams h;
  h.cores = 8;
  h.sha256 = {260_ns, 2_GBps};
  h.sha256_plain = {350_ns, 1_GBps};
  h.blake3 = {200_ns, 8_GBps};
  h.interpreted = {1_us, BytesPerSecond::raw(10'000'000)};
  h.merkle_node = 150_ns;
  h.signature_verify = 100_us;
  h.memory_bandwidth = 200_GBps;
  h.pageable_copy = 4_GBps;
  h.step_overhead = 1_ms;
  return h;
}

struct Bench {
  explicit Bench(const GpuParams& g = round_gpu(), const LinkParams& l = round_link(),
                 const HostParams& h = round_host(), des::TraceSink* trace = nullptr)
      : device((engine.set_trace(trace), engine), g),
        host(engine, h),
        link(engine, l, device, host) {}
  des::Engine engine;
  gpu::Device device;
  Host host;
  pcie::Link link;
};

inline des::Process copy_at(Bench& b, Duration start, pcie::Direction d, Bytes bytes,
                            pcie::HostMemory memory, Time& ended) {
  co_await b.engine.delay(start);
  co_await b.link.copy(d, bytes, memory);
  ended = b.engine.now();
}

inline des::Process run_at(Bench& b, Duration start, gpu::Stream& stream,
                           const gpu::Program& program, Account& account, Time& ended) {
  co_await b.engine.delay(start);
  co_await stream.run(program, account);
  ended = b.engine.now();
}

}  // namespace fieldsim::hardware::test
