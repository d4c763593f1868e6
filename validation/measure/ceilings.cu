// What the device can do at most: copy and read bandwidth from memory, L2 bandwidth, matrix rate.
#include "validation/measure/cublas.hpp"
#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Matrix instructions on registers only: what the tensor cores do when nothing else limits them.
// Eight independent accumulators hide the instruction's latency.
constexpr int kMmaChains = 8, kMmaThreads = 256;

__global__ void __launch_bounds__(kMmaThreads)
    mma_kernel(float* out, int rounds, std::uint32_t seed) {
  float c[kMmaChains][4] = {};
  // BF16 pairs near 1 with random sign and mantissa: zeros would draw less power and clock higher.
  std::uint32_t state = seed + blockIdx.x * kMmaThreads + threadIdx.x;
  std::uint32_t a[4], b[2];
  const auto next = [&] {
    return ((state = state * 1664525u + 1013904223u) >> 3 & 0x807f807fu) | 0x3f003f00u;
  };
  for (std::uint32_t& x : a) x = next();
  for (std::uint32_t& x : b) x = next();
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int i = 0; i < kMmaChains; ++i)
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
          "{%8,%9}, "
          "{%0,%1,%2,%3};"
          : "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
  float sum = 0;
  for (const auto& chain : c) sum += chain[0] + chain[1] + chain[2] + chain[3];
  if (sum == 0x1.234p100f) *out = sum;  // practically never; keeps the loop
}

void add_rate(Session& s, const char* name, std::size_t bytes, double moved, Timing timing) {
  Row row;
  row.group = "ceilings";
  row.name = name;
  row.parameters = {{"bytes", static_cast<std::int64_t>(bytes)}};
  row.rate = moved / timing.all.median / 1e3;
  row.rate_unit = "GB/s";
  row.timing = std::move(timing);
  s.add(std::move(row));
}

// Copy and read bandwidth. The largest size first: it is the ceiling that the others and the
// kernels are compared with.
class MemoryBandwidth {
 public:
  explicit MemoryBandwidth(Session& session)
      : s_(session),
        most_(std::min<std::size_t>(8192 * kMiB, free_memory() / 5 / kMiB * 2 * kMiB)),
        from_(most_),
        to_(most_),
        sink_(256) {
    fill_random(from_.as<>(), most_, 1, s_.stream.get());
    fill_random(to_.as<>(), most_, 2, s_.stream.get());
  }
  void largest() {
    if (most_ == 0) return s_.skip("ceilings", "bandwidth", "memory");
    measure(most_);
  }
  void smaller() {
    for (std::size_t bytes = most_ / 4; bytes >= kMiB; bytes /= 4) {
      if (!s_.budget.allows(0.1)) return s_.skip("ceilings", "smaller sizes", "time");
      measure(bytes);
    }
  }

 private:
  void measure(std::size_t bytes) {
    const std::size_t room = most_ - bytes + 16;
    const auto l2 = static_cast<std::size_t>(s_.facts.l2_bytes);
    // Starts all over the buffer; the read does not follow the copy's own addresses.
    const auto rotated = [&](std::size_t run) {
      return room <= 16 ? 0 : run * (bytes + 2 * l2 / 5) % room / 4096 * 4096;
    };
    const cudaStream_t stream = s_.stream.get();
    const auto n = static_cast<double>(bytes);
    Timing copy = device_time(s_.stream, s_.box(1.0, 0.3), [&](std::size_t run) {
      FIELDSIM_CUDA(cudaMemcpyAsync(to_.as<>(rotated(run)), from_.as<>(rotated(run)), bytes,
                                    cudaMemcpyDeviceToDevice, stream));
    });
    if (s_.copy_ceiling == 0) s_.copy_ceiling = 2 * n / copy.all.median * 1e6;
    add_rate(s_, "copy (read + write)", bytes, 2 * n, std::move(copy));
    Timing read = device_time(s_.stream, s_.box(1.0, 0.3), [&](std::size_t run) {
      read_all(from_.as<>(rotated(run + 64)), bytes, s_.facts.sm_count, sink_.as<std::uint32_t>(),
               stream);
    });
    if (s_.read_ceiling == 0) s_.read_ceiling = n / read.all.median * 1e6;
    add_rate(s_, "read", bytes, n, std::move(read));
  }
  Session& s_;
  std::size_t most_;
  DeviceBuffer from_, to_, sink_;
};

void l2_bandwidth(Session& s) {
  // A third of the L2, read over and over in one launch: here, and only here, the cache is what is
  // measured.
  const std::size_t bytes = static_cast<std::size_t>(s.facts.l2_bytes) / 3 / kMiB * kMiB;
  if (bytes == 0 || !s.budget.allows(0.1))
    return s.skip("ceilings", "L2 read", "time or no L2 size");
  const DeviceBuffer data(bytes), sink(256);
  fill_random(data.as<>(), bytes, 3, s.stream.get());
  constexpr int kRepeats = 50;
  Timing timing = device_time(s.stream, s.box(0.5, 0.2), [&](std::size_t) {
    read_all(data.as<>(), bytes, s.facts.sm_count, sink.as<std::uint32_t>(), s.stream.get(),
             kRepeats);
  });
  add_rate(s, "L2 read", bytes, kRepeats * static_cast<double>(bytes), std::move(timing));
}

void matrix_rates(Session& s) {
  const auto add = [&](const char* name, Parameters parameters, double flops, Timing timing,
                       const char* note) {
    Row row;
    row.group = "ceilings";
    row.name = name;
    row.parameters = std::move(parameters);
    row.rate = flops / timing.all.median / 1e6;
    row.rate_unit = "TFLOP/s";
    row.timing = std::move(timing);
    row.note = note;
    s.add(std::move(row));
  };
  const DeviceBuffer out(256);
  const unsigned blocks = static_cast<unsigned>(4 * s.facts.sm_count);
  constexpr int kRounds = 4096;
  if (s.budget.allows(0.1)) {
    Timing timing = device_time(s.stream, s.box(0.5, 0.2), [&](std::size_t run) {
      mma_kernel<<<blocks, kMmaThreads, 0, s.stream.get()>>>(out.as<float>(), kRounds,
                                                             static_cast<std::uint32_t>(run));
    });
    const double flops = 2.0 * 16 * 8 * 16 * kMmaChains * kRounds * (kMmaThreads / 32) * blocks;
    add("mma.sync m16n8k16 bf16", {}, flops, std::move(timing), "own loop on registers");
  }
  Cublas blas;
  if (!blas.loaded()) return s.skip("ceilings", "matrix rate by cuBLAS", blas.why());
  for (const int n : {8192, 4096}) {
    const std::size_t bytes = 2 * static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
    if (!s.budget.allows(0.2) || free_memory() < 4 * bytes) continue;
    const DeviceBuffer a(bytes), b(bytes), c(bytes);
    fill_random(a.as<>(), bytes, 4, s.stream.get());
    fill_random(b.as<>(), bytes, 5, s.stream.get());
    Timing timing = device_time(s.stream, s.box(1.0, 0.3), [&](std::size_t) {
      blas.gemm_bf16(n, n, n, a.as<>(), b.as<>(), c.as<>(), s.stream.get());
    });
    add("cuBLAS bf16 product", {{"n", std::int64_t{n}}}, 2.0 * n * n * n, std::move(timing),
        "random data");
  }
}

}  // namespace

void measure_ceilings(Session& s) {
  MemoryBandwidth memory(s);
  memory.largest();
  l2_bandwidth(s);
  matrix_rates(s);
  memory.smaller();
}

}  // namespace fieldsim::measure
