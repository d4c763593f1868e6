#include "validation/measure/host_hash.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <thread>

#include "validation/measure/budget.hpp"

namespace fieldsim::measure {

namespace {

// Keeps the compiler from dropping a digest that nobody reads.
void consume(const integrity::Digest& digest) {
  static std::atomic<unsigned> sink{0};
  sink.fetch_xor(digest[0], std::memory_order_relaxed);
}

}  // namespace

Timing time_hash_calls(const std::vector<std::uint8_t>& data, std::size_t bytes,
                       integrity::Sha256Blocks blocks, double box) {
  if (bytes > data.size()) return {};
  // About 50 us a sample: far above the clock's resolution.
  const auto calls =
      static_cast<std::size_t>(std::max(1.0, 5e-5 / (3e-7 + 6e-10 * static_cast<double>(bytes))));
  const std::size_t places =
      std::max<std::size_t>(1, data.size() / std::max<std::size_t>(bytes, 1));
  std::vector<double> passes[2];
  std::size_t next = 0;
  for (auto& samples : passes) {
    const double begin = steady_seconds();
    do {
      const double start = steady_seconds();
      for (std::size_t c = 0; c < calls; ++c)
        consume(integrity::sha256(data.data() + next++ % places * bytes, bytes, blocks));
      samples.push_back((steady_seconds() - start) / static_cast<double>(calls));
    } while (steady_seconds() - begin < box / 2 && samples.size() < 200);
  }
  return timing_of(passes[0], passes[1]);
}

HashCost fit_hash_cost(const std::vector<double>& bytes, const std::vector<double>& seconds) {
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const double weight = 1 / (seconds[i] * seconds[i]);
    w += weight;
    wx += weight * bytes[i];
    wy += weight * seconds[i];
    wxx += weight * bytes[i] * bytes[i];
    wxy += weight * bytes[i] * seconds[i];
  }
  const double determinant = w * wxx - wx * wx;
  if (bytes.size() < 2 || determinant == 0) return {};
  return HashCost{(wxx * wy - wx * wxy) / determinant, (w * wxy - wx * wy) / determinant};
}

double threaded_hash_rate(const std::vector<std::uint8_t>& data, std::size_t bytes, int threads,
                          integrity::Sha256Blocks blocks, double box) {
  const std::size_t places = data.size() / bytes;
  if (places == 0 || threads < 1) return 0;
  std::barrier start(threads + 1);
  std::atomic<bool> stop{false};
  std::vector<double> rates(static_cast<std::size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < rates.size(); ++t)
      workers.emplace_back([&, t] {
        start.arrive_and_wait();
        const double begin = steady_seconds();
        std::size_t done = 0;
        do {
          consume(
              integrity::sha256(data.data() + (t * 7919 + done++) % places * bytes, bytes, blocks));
        } while (!stop.load(std::memory_order_relaxed));
        rates[t] = static_cast<double>(done * bytes) / (steady_seconds() - begin);
      });
    start.arrive_and_wait();
    std::this_thread::sleep_for(std::chrono::duration<double>(box));
    stop = true;
  }
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

std::vector<int> thread_counts(int machine_threads) {
  std::vector<int> counts;
  for (int n = 1; n < machine_threads; n *= 2) counts.push_back(n);
  counts.push_back(std::max(1, machine_threads));
  return counts;
}

}  // namespace fieldsim::measure
