#include "tests/property/hardware/random_load.hpp"

#include <algorithm>
#include <memory>

namespace fieldsim::hardware::test {

using pcie::Direction;
using pcie::HostMemory;

namespace {
constexpr std::int64_t kMicrosecond = 1'000'000;  // ps; also bytes, at 1 byte a ps
}

Duration LoadMaker::time(std::int64_t most_us) {
  if (grid_) return Duration::raw(below(most_us + 1) * kMicrosecond);
  return Duration::raw(below(most_us * kMicrosecond + 1));
}

Bytes LoadMaker::bytes(std::int64_t most_us) { return Bytes::raw(time(most_us).count()); }

gpu::Kernel LoadMaker::kernel() {
  gpu::Kernel k;
  k.name = "k";
  k.category = one_in(2) ? Category::weights : Category::attention;
  if (!one_in(4)) k.hbm = bytes(6);
  if (one_in(3)) k.hbm_anchors = Bytes::raw(k.hbm.count() / (1 + below(5)));
  if (one_in(4)) k.hbm_cap = BytesPerSecond::raw((1 + below(4)) * 250'000'000'000);
  if (one_in(2)) k.compute = time(5);
  if (one_in(3)) k.fixed = time(3);
  k.launches = 1 + below(3);
  return k;
}

gpu::Program LoadMaker::program() {
  gpu::Program p;
  p.name = "p";
  for (std::int64_t s = 1 + below(3); s > 0; --s) {
    gpu::Segment segment;
    for (std::int64_t k = 1 + below(4); k > 0; --k) segment.kernels.push_back(kernel());
    segment.repeat = 1 + below(5);
    p.segments.push_back(segment);
  }
  return p;
}

Load LoadMaker::make() {
  Load load;
  // One of them leaves a remainder in every picosecond.
  load.bandwidth = BytesPerSecond::raw(one_in(3) ? 1'671'980'000'007 : 1'000'000'000'000);
  for (std::int64_t s = 1 + below(2); s > 0; --s) {
    Load::StreamLoad stream;
    stream.start = time(40);
    stream.gap = Duration::raw(grid_ ? kMicrosecond : 1 + below(2 * kMicrosecond));
    for (std::int64_t n = 1 + below(4); n > 0; --n) stream.programs.push_back(program());
    if (cancels_)
      for (std::int64_t n = below(4); n > 0; --n) stream.cancels.push_back(time(150));
    load.streams.push_back(stream);
  }
  for (std::int64_t n = below(6); n > 0; --n)
    load.copies.push_back({time(120), one_in(2) ? Direction::to_host : Direction::to_device,
                           bytes(one_in(3) ? 1 : 2),
                           one_in(4) ? HostMemory::pageable : HostMemory::pinned});
  for (std::int64_t n = below(6); n > 0; --n)
    load.flows.push_back({time(120), static_cast<int>(below(6)), bytes(4),
                          BytesPerSecond::raw((1 + below(8)) * 125'000'000'000)});
  return load;
}

namespace {

struct Played {
  Played(const Load& load, des::TraceSink* trace)
      : bench(gpu_of(load), round_link(), round_host(), trace) {}
  static GpuParams gpu_of(const Load& load) {
    GpuParams g = round_gpu();
    g.hbm.bandwidth = load.bandwidth;
    g.hbm.in_flight = 100_GB;
    g.hbm.latency = 1_us;
    return g;
  }
  Bench bench;
  std::vector<std::unique_ptr<gpu::Stream>> streams;
  std::vector<Account> accounts;
  std::vector<std::int64_t> seen;
};

des::Process programs(Played& p, const Load::StreamLoad& load, std::size_t index) {
  co_await p.bench.engine.delay(load.start);
  for (const gpu::Program& program : load.programs) {
    const bool whole = co_await p.streams[index]->run(program, p.accounts[index]);
    p.seen.push_back(p.bench.engine.now().since_start().count() * 2 + (whole ? 1 : 0));
  }
}

des::Process cancel(Played& p, const Load::StreamLoad& load, std::size_t index, Duration after) {
  co_await p.bench.engine.delay(load.start + after);
  p.streams[index]->cancel();
}

des::Process copy(Played& p, const Load::Copy& c, std::int64_t& ended) {
  co_await p.bench.engine.delay(c.start);
  co_await p.bench.link.copy(c.direction, c.bytes, c.memory);
  ended = p.bench.engine.now().since_start().count();
}

des::Process flow(Played& p, const Load::Flow& f, std::int64_t& ended) {
  co_await p.bench.engine.delay(f.start);
  for (int hop = 0; hop < f.hops; ++hop) co_await p.bench.engine.delay(Duration::zero());
  co_await p.bench.device.memory_flow(f.bytes, f.cap);
  ended = p.bench.engine.now().since_start().count();
}

}  // namespace

std::vector<std::int64_t> play(const Load& load, bool fast_forward, std::uint64_t* elided,
                               des::TraceSink* trace) {
  Played p(load, trace);
  p.accounts.resize(load.streams.size());
  std::vector<std::int64_t> ends(load.copies.size() + load.flows.size());
  for (std::size_t i = 0; i < load.streams.size(); ++i)
    p.streams.push_back(std::make_unique<gpu::Stream>(
        p.bench.device, "stream " + std::to_string(i),
        gpu::StreamOptions{
            .gap = load.streams[i].gap, .fast_forward = fast_forward, .traced_kernels = 100'000}));
  for (std::size_t i = 0; i < load.streams.size(); ++i) {
    p.bench.engine.spawn(programs(p, load.streams[i], i), "programs");
    for (Duration after : load.streams[i].cancels)
      p.bench.engine.spawn(cancel(p, load.streams[i], i, after), "cancel");
  }
  for (std::size_t i = 0; i < load.copies.size(); ++i)
    p.bench.engine.spawn(copy(p, load.copies[i], ends[i]), "copy");
  for (std::size_t i = 0; i < load.flows.size(); ++i)
    p.bench.engine.spawn(flow(p, load.flows[i], ends[load.copies.size() + i]), "flow");
  p.bench.engine.run();

  std::vector<std::int64_t> all = ends;
  // Two streams may end at one time in either order.
  std::sort(p.seen.begin(), p.seen.end());
  all.insert(all.end(), p.seen.begin(), p.seen.end());
  for (const Account& a : p.accounts)
    for (std::size_t c = 0; c < kCategories; ++c)
      all.push_back(a[static_cast<Category>(c)].count());
  all.push_back(p.bench.device.memory_bytes().count());
  all.push_back(p.bench.device.memory_busy().count());
  all.push_back(p.bench.device.compute_busy().count());
  all.push_back(p.bench.link.moved(Direction::to_host).count());
  all.push_back(p.bench.link.moved(Direction::to_device).count());
  all.push_back(p.bench.link.busy(Direction::to_host).count());
  all.push_back(p.bench.link.busy(Direction::to_device).count());
  all.push_back(p.bench.host.memory_bytes().count());
  all.push_back(p.bench.host.memory_busy().count());
  all.push_back(p.bench.engine.now().since_start().count());
  all.push_back(static_cast<std::int64_t>(p.bench.engine.blocked().count));
  if (elided != nullptr) *elided += p.bench.device.kernels_elided();
  return all;
}

}  // namespace fieldsim::hardware::test
