#pragma once
// What hashing costs on the host: SHA-256 per call and per byte, on one thread and on many.
#include <cstddef>
#include <functional>
#include <vector>

#include "kernels/hash/sha256.hpp"
#include "validation/measure/stats.hpp"

namespace fieldsim::measure {

// Seconds per call of hashing `bytes`, `calls_per_sample` calls a sample, data rotating through
// `data` so that a large message is not always the cached one. Stops after `box` seconds.
Timing time_hash_calls(const std::vector<std::uint8_t>& data, std::size_t bytes,
                       integrity::Sha256Blocks blocks, double box);

// Least-squares fit of seconds per call = fixed + per_byte * bytes, weighted by 1 / seconds^2 so
// that the small messages count as much as the large ones.
struct HashCost {
  double fixed_s = 0, per_byte_s = 0;
};
HashCost fit_hash_cost(const std::vector<double>& bytes, const std::vector<double>& seconds);

// Bytes per second of `threads` threads that each hash messages of `bytes` for `box` seconds.
double threaded_hash_rate(const std::vector<std::uint8_t>& data, std::size_t bytes, int threads,
                          integrity::Sha256Blocks blocks, double box);

// 1, 2, 4, ... and the machine's own count.
std::vector<int> thread_counts(int machine_threads);

}  // namespace fieldsim::measure
