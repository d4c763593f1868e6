// The link between host and device: time of one synchronous copy by size, pinned and pageable, each
// way and both at once, alone and while a memory-bound kernel keeps the device's memory busy.
#include <cstring>
#include <memory>
#include <vector>

#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 30;
constexpr std::size_t kLoadBytes = std::size_t{2} << 30;

// Buffers of one run, all written once: fresh host pages would time the page faults.
struct Buffers {
  std::size_t bytes;
  DeviceBuffer device, device2, load, sink;
  PinnedBuffer pinned, pinned2;
  std::vector<std::uint8_t> pageable;
  Buffers(std::size_t n, std::size_t load_bytes)
      : bytes(n),
        device(n),
        device2(n),
        load(load_bytes),
        sink(256),
        pinned(n),
        pinned2(n),
        pageable(n, 0x5a) {
    std::memset(pinned.data(), 0x35, n);
    std::memset(pinned2.data(), 0x36, n);
  }
};

void add(Session& s, const char* name, std::size_t bytes, const char* state, double moved,
         Timing timing, std::string note = "") {
  Row row;
  row.group = "pcie";
  row.name = name;
  row.parameters = {{"bytes", static_cast<std::int64_t>(bytes)}, {"device_memory", state}};
  row.rate = moved / timing.all.median / 1e3;
  row.rate_unit = "GB/s";
  row.timing = std::move(timing);
  row.note = std::move(note);
  s.add(std::move(row));
}

class Link {
 public:
  Link(Session& session, Buffers& buffers) : s_(session), b_(buffers) {}

  void idle(std::size_t bytes) {
    const double n = static_cast<double>(bytes), box = s_.box(0.25, 0.08);
    add(s_, "d2h pinned", bytes, "idle", n,
        copy(box, b_.pinned.data(), b_.device.as<>(), bytes, cudaMemcpyDeviceToHost));
    add(s_, "h2d pinned", bytes, "idle", n,
        copy(box, b_.device.as<>(), b_.pinned.data(), bytes, cudaMemcpyHostToDevice));
    add(s_, "d2h pageable", bytes, "idle", n,
        copy(box, b_.pageable.data(), b_.device.as<>(), bytes, cudaMemcpyDeviceToHost));
    add(s_, "h2d pageable", bytes, "idle", n,
        copy(box, b_.device.as<>(), b_.pageable.data(), bytes, cudaMemcpyHostToDevice));
    add(s_, "both ways pinned", bytes, "idle", 2 * n, host_time(box, [&] { both(bytes); }));
  }

  // The load runs on its own stream and must still run when the copy ends, or the row says so.
  void loaded(std::size_t bytes) {
    const double n = static_cast<double>(bytes), box = s_.box(0.25, 0.08);
    for (const bool down : {true, false}) {
      std::size_t too_short = 0;
      const double expected = n / 20e9 + 20e-6;  // of the copy; 20 GB/s is a slow link
      const auto kernels =
          static_cast<int>(1 + 4 * expected / (static_cast<double>(b_.load.bytes()) / 3e12));
      std::vector<double> passes[2];
      for (auto& samples : passes) {
        const double begin = steady_seconds();
        do {
          for (int i = 0; i < kernels; ++i) load();
          end_.record(s_.other.get());
          const double start = steady_seconds();
          if (down)
            enqueue(b_.pinned.data(), b_.device.as<>(), bytes, cudaMemcpyDeviceToHost,
                    s_.stream.get());
          else
            enqueue(b_.device.as<>(), b_.pinned.data(), bytes, cudaMemcpyHostToDevice,
                    s_.stream.get());
          s_.stream.synchronize();
          samples.push_back(1e6 * (steady_seconds() - start));
          too_short += cudaEventQuery(end_.get()) == cudaSuccess ? 1 : 0;
          s_.other.synchronize();
        } while (samples.size() < 2 || (samples.size() < 25 && steady_seconds() - begin < box / 2));
      }
      add(s_, down ? "d2h pinned" : "h2d pinned", bytes, "busy", n, timing_of(passes[0], passes[1]),
          too_short == 0 ? "" : "the load ended first in " + std::to_string(too_short) + " runs");
    }
  }

  // And what the copies take from the kernel: its own time alone and beside copies both ways.
  void kernel_beside_copies() {
    const auto bytes = static_cast<double>(b_.load.bytes());
    const double box = s_.box(0.5, 0.2);
    add(s_, "read kernel", b_.load.bytes(), "no copies", bytes,
        device_time(s_.other, box, [&](std::size_t) { load(); }));
    std::vector<double> passes[2];
    const Event begin, end;
    for (auto& samples : passes)
      for (int i = 0; i < 5; ++i) {
        both_async(b_.bytes);
        begin.record(s_.other.get());
        load();
        end.record(s_.other.get());
        end.synchronize();
        samples.push_back(1e6 * end.seconds_after(begin));
        s_.stream.synchronize();
        third_.synchronize();
      }
    add(s_, "read kernel", b_.load.bytes(), "copies both ways", bytes,
        timing_of(passes[0], passes[1]));
  }

 private:
  static void enqueue(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                      cudaStream_t stream) {
    FIELDSIM_CUDA(cudaMemcpyAsync(to, from, bytes, kind, stream));
  }
  Timing copy(double box, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return host_time(
        box,
        [&] {
          enqueue(to, from, bytes, kind, s_.stream.get());
          s_.stream.synchronize();
        },
        100);
  }
  void both_async(std::size_t bytes) {
    enqueue(b_.pinned.data(), b_.device.as<>(), bytes, cudaMemcpyDeviceToHost, s_.stream.get());
    enqueue(b_.device2.as<>(), b_.pinned2.data(), bytes, cudaMemcpyHostToDevice, third_.get());
  }
  void both(std::size_t bytes) {
    both_async(bytes);
    s_.stream.synchronize();
    third_.synchronize();
  }
  void load() {
    read_all(b_.load.as<>(), b_.load.bytes(), s_.facts.sm_count, b_.sink.as<std::uint32_t>(),
             s_.other.get());
  }

  Session& s_;
  Buffers& b_;
  Stream third_;
  Event end_{cudaEventDisableTiming};
};

}  // namespace

void measure_pcie(Session& s) {
  const std::size_t free = free_memory();
  std::size_t largest = kLargest;
  while (largest > (std::size_t{1} << 20) && 4 * largest > free) largest /= 4;
  const std::size_t load_bytes = std::min(kLoadBytes, free / 4 / 4096 * 4096);
  if (!s.budget.allows(2.0 * static_cast<double>(largest) / 1e9))
    largest = std::min(largest, kLargest / 16);
  Buffers buffers(largest, load_bytes);
  fill_random(buffers.device.as<>(), largest, 41, s.stream.get());
  fill_random(buffers.device2.as<>(), largest, 42, s.stream.get());
  fill_random(buffers.load.as<>(), load_bytes, 43, s.stream.get());
  s.stream.synchronize();
  Link link(s, buffers);
  // 4 KB to 1 GB, coarse steps first: sixteen apart, then the fours between.
  for (const int offset : {0, 2})
    for (std::size_t bytes = std::size_t{4096} << offset; bytes <= largest; bytes <<= 4) {
      if (!s.budget.allows(12 * (0.05 + static_cast<double>(bytes) / 5e9)))
        s.skip("pcie", std::to_string(bytes) + " bytes", "time");
      else
        link.idle(bytes), link.loaded(bytes);
    }
  if (s.budget.allows(0.5)) link.kernel_beside_copies();
}

}  // namespace fieldsim::measure
