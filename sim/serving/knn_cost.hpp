#pragma once
// What one nearest-neighbour search reads and computes, by kind of index. Closed forms over the
// structure of each index; how long that takes depends on where it runs (vector_index.hpp).
//
//   flat      every row: n s bytes, 2 n d operations       Memorizing Transformers' exact lookup
//   ivf_flat  all L centroids, then P of L lists: n P / L rows in full   FAISS IndexIVFFlat
//   ivf_pq    the same lists as m-byte codes, P tables of 256 d entries  FAISS IndexIVFPQ, RETRO
//   hnsw      a greedy walk down ln(n) / ln(M) layers, then ef expansions of 2 M neighbours
// Bytes a row: 4 d (flat), 4 d + 8 (IVF: with its id), m + 8 (PQ, 8-bit codes): FAISS wiki, "Faiss
// indexes". Layers and degrees: Malkov & Yashunin, arXiv 1603.09320 (mL = 1 / ln M, 2 M at layer
// 0). Both papers' list lengths are taken as equal, and every neighbour as unvisited: upper bounds.
// Papers: arXiv 2203.08913, 2112.04426 (RETRO), 2401.08281 and 1702.08734 (FAISS).
#include <cstdint>

#include "sim/base/units.hpp"

namespace fieldsim::serving {

enum class IndexKind { flat, ivf_flat, ivf_pq, hnsw };
enum class IndexPlace { host, device };

struct IndexParams {
  IndexKind kind = IndexKind::flat;
  IndexPlace place = IndexPlace::host;
  std::int64_t vectors = 1'000'000;  // rows at the start
  std::int64_t dimension = 768;
  Bytes element = Bytes::raw(4);  // FP32, as FAISS stores it
  std::int64_t neighbours = 1;    // k
  std::int64_t lists = 4096;      // L, inverted lists
  std::int64_t probes = 32;       // P
  std::int64_t code_bytes = 64;   // m, of a PQ code
  std::int64_t degree = 32;       // M
  std::int64_t expansions = 128;  // ef
  std::int64_t threads = 8;       // host cores of one search
  // Assumed: 8 FP32 FMA lanes, two a cycle, 2.5 GHz; and a cache miss to DRAM of each place.
  FlopsPerSecond core_rate = FlopsPerSecond::raw(80'000'000'000);
  Duration host_access = Duration::raw(100'000);
  Duration device_access = Duration::raw(600'000);
  double recall = 1.0;  // share of searches that find the wanted row; assumed, not derived
};

struct KnnCost {
  Bytes read;
  Flops flops;
  std::int64_t dependent = 0;  // memory accesses that wait for the one before
};

// One query over `rows` rows (tombstoned ones included until they are compacted away).
// REQUIRES: rows >= 0, and of the kind's parameters: probes <= lists, degree >= 2.
KnnCost knn_cost(const IndexParams& params, std::int64_t rows);

// Bytes of the whole index.
Bytes index_bytes(const IndexParams& params, std::int64_t rows);

// Bytes written and distances computed by one insertion: IVF finds its list, HNSW its neighbours.
KnnCost insert_cost(const IndexParams& params, std::int64_t rows);

}  // namespace fieldsim::serving
