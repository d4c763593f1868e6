// What a host hash worker costs: SHA-256 per call and per byte, on one thread and on many, alone
// and while copies from the device go through the same memory.
#include <atomic>
#include <cstring>
#include <thread>

#include "kernels/hash/sha256_fast.hpp"
#include "validation/measure/host_hash.hpp"
#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

using integrity::Sha256Blocks;

constexpr std::size_t kDataBytes = std::size_t{256} << 20;

// Copies device to host without pause until destroyed.
class BackgroundCopies {
 public:
  explicit BackgroundCopies(int device)
      : from_(kBytes), to_(kBytes), thread_([this, device] { run(device); }) {}
  ~BackgroundCopies() { stop_ = true; }
  BackgroundCopies(const BackgroundCopies&) = delete;
  BackgroundCopies& operator=(const BackgroundCopies&) = delete;

 private:
  static constexpr std::size_t kBytes = std::size_t{64} << 20;
  void run(int device) {
    if (cudaSetDevice(device) != cudaSuccess) return;
    fill_random(from_.as<>(), kBytes, 61, stream_.get());
    while (!stop_) {
      if (cudaMemcpyAsync(to_.data(), from_.as<>(), kBytes, cudaMemcpyDeviceToHost,
                          stream_.get()) != cudaSuccess ||
          cudaStreamSynchronize(stream_.get()) != cudaSuccess)
        return;
    }
  }
  DeviceBuffer from_;
  PinnedBuffer to_;
  Stream stream_;
  std::atomic<bool> stop_{false};
  std::jthread thread_;
};

void calls(Session& s, const std::vector<std::uint8_t>& data, const char* name, Sha256Blocks blocks,
           const char* state) {
  std::vector<double> bytes, seconds;
  for (const std::size_t n : {64u, 1024u, 10'240u, 65'536u, 819'200u, 16'777'216u, 256u, 4096u}) {
    const double box = s.box(0.15, 0.05);
    if (!s.budget.allows(box)) {
      s.skip("host", std::string(name) + " of " + std::to_string(n) + " bytes", "time");
      continue;
    }
    Row row;
    row.group = "host";
    row.name = name;
    row.parameters = {{"bytes", std::int64_t{static_cast<std::int64_t>(n)}},
                      {"threads", std::int64_t{1}},
                      {"copies", state}};
    row.timing = time_hash_calls(data, n, blocks, box);
    bytes.push_back(static_cast<double>(n));
    seconds.push_back(row.timing.all.median);
    for (Summary* summary : {&row.timing.all, &row.timing.first, &row.timing.second})
      for (double* v : {&summary->min, &summary->q1, &summary->median, &summary->q3, &summary->max})
        *v *= 1e6;
    row.rate = static_cast<double>(n) / row.timing.all.median / 1e3;
    row.rate_unit = "GB/s";
    s.add(std::move(row));
  }
  const HashCost cost = fit_hash_cost(bytes, seconds);
  Row fit;
  fit.group = "host";
  fit.name = std::string(name) + ", fitted call";
  fit.parameters = {{"ns_per_byte", 1e9 * cost.per_byte_s}, {"copies", state}};
  fit.timing = timing_of({1e6 * cost.fixed_s}, {});
  fit.note = "fixed cost of a call; least squares over the rows above";
  s.add(std::move(fit));
}

void threads(Session& s, const std::vector<std::uint8_t>& data, Sha256Blocks blocks,
             const char* state) {
  for (const int n : thread_counts(s.report.host_threads)) {
    const double box = s.box(0.1, 0.04);
    if (!s.budget.allows(6 * box)) return s.skip("host", "more threads", "time");
    std::vector<double> passes[2];
    for (auto& samples : passes)
      for (int i = 0; i < 3; ++i)
        samples.push_back(threaded_hash_rate(data, 819'200, n, blocks, box) / 1e9);
    Row row;
    row.group = "host";
    row.name = "sha256, threads";
    row.parameters = {
        {"bytes", std::int64_t{819'200}}, {"threads", std::int64_t{n}}, {"copies", state}};
    row.unit = "GB/s";
    row.timing = timing_of(passes[0], passes[1]);
    row.rate = row.timing.all.median;
    row.rate_unit = "GB/s";
    s.add(std::move(row));
  }
}

}  // namespace

void measure_host(Session& s) {
  std::vector<std::uint8_t> data(kDataBytes);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
  const Sha256Blocks fast = integrity::sha256_blocks_fast();
  calls(s, data, s.report.sha_instructions ? "sha256, SHA instructions" : "sha256, portable", fast,
        "none");
  threads(s, data, fast, "none");
  if (s.report.sha_instructions)
    calls(s, data, "sha256, portable", integrity::sha256_blocks_portable, "none");
  const BackgroundCopies copies(s.options.device);
  calls(s, data, s.report.sha_instructions ? "sha256, SHA instructions" : "sha256, portable", fast,
        "d2h running");
  threads(s, data, fast, "d2h running");
}

}  // namespace fieldsim::measure
