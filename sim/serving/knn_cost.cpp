#include "sim/serving/knn_cost.hpp"

#include <cmath>

namespace fieldsim::serving {

namespace {
constexpr Bytes kId = Bytes::raw(8);          // of a row in an inverted list (FAISS)
constexpr std::int64_t kCentroids = 256;      // of an 8-bit sub-quantiser
constexpr Bytes kNeighbour = Bytes::raw(4);   // an edge of the graph (FAISS: 2 M edges of 4 B)
constexpr std::int64_t kFlopsPerElement = 2;  // multiply and add

Bytes vector_bytes(const IndexParams& p) { return p.element * p.dimension; }

Bytes row_bytes(const IndexParams& p) {
  switch (p.kind) {
    case IndexKind::flat:
      return vector_bytes(p);
    case IndexKind::ivf_flat:
      return vector_bytes(p) + kId;
    case IndexKind::ivf_pq:
      return Bytes::raw(p.code_bytes) + kId;
    case IndexKind::hnsw:
      return vector_bytes(p) + kNeighbour * (2 * p.degree);
  }
  return Bytes::zero();
}

Flops distances(const IndexParams& p, std::int64_t n) {
  return Flops::raw(kFlopsPerElement * p.dimension) * n;
}

// Layers above the lowest; an element reaches layer l with probability M^-l.
std::int64_t upper_layers(const IndexParams& p, std::int64_t rows) {
  if (rows <= p.degree) return 0;
  return static_cast<std::int64_t>(std::log(static_cast<double>(rows)) /
                                   std::log(static_cast<double>(p.degree)));
}

KnnCost coarse(const IndexParams& p) {
  return {vector_bytes(p) * p.lists, distances(p, p.lists), 0};
}

KnnCost lists_cost(const IndexParams& p, std::int64_t rows) {
  KnnCost c = coarse(p);
  const std::int64_t scanned = (rows * p.probes + p.lists - 1) / p.lists;
  c.read += row_bytes(p) * scanned;
  if (p.kind == IndexKind::ivf_pq) {
    c.flops += distances(p, kCentroids * p.probes);  // a table of distances for each list
    c.flops += Flops::raw(p.code_bytes) * scanned;   // one look-up and addition a byte
  } else {
    c.flops += distances(p, scanned);
  }
  c.dependent = p.probes;
  return c;
}

KnnCost walk(const IndexParams& p, std::int64_t rows) {
  if (rows == 0) return {};
  // One greedy step a layer, then ef nodes are expanded: their edges, then their neighbours.
  const std::int64_t layers = upper_layers(p, rows);
  const std::int64_t met = std::min(layers * p.degree + p.expansions * 2 * p.degree, rows);
  const std::int64_t expanded = layers + std::min(p.expansions, rows);
  return {vector_bytes(p) * met + kNeighbour * (2 * p.degree) * expanded, distances(p, met),
          2 * expanded};
}

}  // namespace

KnnCost knn_cost(const IndexParams& p, std::int64_t rows) {
  switch (p.kind) {
    case IndexKind::flat:
      return {row_bytes(p) * rows, distances(p, rows), rows > 0 ? 1 : 0};
    case IndexKind::ivf_flat:
    case IndexKind::ivf_pq:
      return lists_cost(p, rows);
    case IndexKind::hnsw:
      return walk(p, rows);
  }
  return {};
}

Bytes index_bytes(const IndexParams& p, std::int64_t rows) {
  const Bytes all = row_bytes(p) * rows;
  const bool inverted = p.kind == IndexKind::ivf_flat || p.kind == IndexKind::ivf_pq;
  return inverted ? all + vector_bytes(p) * p.lists : all;
}

KnnCost insert_cost(const IndexParams& p, std::int64_t rows) {
  KnnCost c;
  if (p.kind == IndexKind::hnsw) c = walk(p, rows);
  if (p.kind == IndexKind::ivf_flat || p.kind == IndexKind::ivf_pq) c = coarse(p);
  if (p.kind == IndexKind::ivf_pq) c.flops += distances(p, kCentroids);  // its code
  c.read += row_bytes(p);
  return c;
}

}  // namespace fieldsim::serving
