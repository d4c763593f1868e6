#pragma once
// The benchmark matrix of the attention kernels and the order in which it is measured: the points
// that decide the open goals first, then a coarse grid, then the variants, then what refines them.
// A run that stops early has spent its time on what says most.
#include <cstdint>
#include <string>
#include <vector>

namespace fieldsim::measure {

enum class Variant : std::uint8_t {
  fused,         // exact concatenation, one launch
  gamma_fused,   // the mixture, one launch
  cascade,       // shared anchors read once for the batch, one launch
  two_pass,      // two launches and a merge
  unfused,       // scores in global memory
  prepend_pages  // anchors as ordinary pages before each block table: the fused kernel, no anchors
};
const char* variant_name(Variant variant);

enum class Ragged : std::uint8_t { equal, uniform, zipf, one_long };
const char* ragged_name(Ragged ragged);

struct Heads {
  int q = 32, kv = 8, dim = 128;
  friend bool operator==(const Heads&, const Heads&) = default;
};

struct Point {
  Variant variant = Variant::fused;
  Heads heads;
  int batch = 1, context = 1024;  // tokens; the mean where lengths are ragged
  int anchors = 0;
  bool shared_anchors = true;
  int page = 16, q_len = 1;
  bool f16 = false;  // BF16 otherwise
  bool hnd = false;  // [page][head][token] instead of [page][token][head]
  Ragged ragged = Ragged::equal;
  friend bool operator==(const Point&, const Point&) = default;
};

// KV lengths of the requests: deterministic, all >= q_len, mean about `context`.
std::vector<std::int32_t> kv_lengths(const Point& point);

// K and V of the paged cache, whole pages.
std::int64_t kv_bytes(const Point& point);
// Compulsory traffic: each K, V, anchor, Q element read once, each output written once, and the
// block table. Anchors count once per distinct set.
std::int64_t compulsory_bytes(const Point& point);
double flops(const Point& point);  // 4 d per query, head and visible token

// All points in measuring order, without duplicates. `quick` keeps the first tiers.
std::vector<Point> benchmark_matrix(bool quick);
// How many of them decide the goals; they are the first.
std::size_t goal_points();

}  // namespace fieldsim::measure
