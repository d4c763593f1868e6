#pragma once
// Bytes, operations, launches and workspace of each attention kernel over one layer. The formulas
// are those of docs/model.md, "Attention"; every byte is counted once here and moved once by the
// device.
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/model/shape.hpp"

namespace fieldsim::attention {

enum class KernelKind {
  none,         // paged attention without anchors: the baseline
  unfused,      // score matrices in device memory, KV and anchors apart, blended
  fused,        // PagedFieldprintAttention: one pass over KV and anchors, one softmax
  gamma_fused,  // one pass, two softmaxes mixed by gamma: the anchors keep their share
  two_pass,     // two launches and a log-sum-exp merge
  cascade,      // anchors shared by the batch are read once, same launch
};
std::string_view to_string(KernelKind kind);

// Which traffic decode attention is charged with.
enum class TrafficModel {
  kernel,     // what the kernel moves
  paper_nxn,  // an N x N FP16 matrix per layer and token, as the paper has it
};

// What one launch of attention is asked for. Lengths in tokens.
struct Problem {
  KernelKind kind = KernelKind::fused;
  model::AttentionGeometry geometry;
  std::int64_t batch = 1;
  bool decode = true;             // one new token a sequence; else a prefill chunk
  std::int64_t query_tokens = 1;  // per sequence
  std::int64_t context = 0;       // KV tokens of each sequence, those of its new tokens included
  std::int64_t window = 0;        // newest tokens that a query attends to; 0: all
  std::int64_t anchors = 0;       // anchor tokens; 0 or kind none: no anchors
  std::int64_t anchor_sets = 1;   // 1: shared by the batch; else one per sequence
  std::int64_t page_tokens = 16;
  Bytes element;           // of KV, Q and O
  Bytes workspace_limit;   // unfused: heads are processed in passes that fit
  std::int64_t slots = 1;  // resident CTAs of the device: decides split-KV

  // KV tokens that any query of a sequence attends to, and (query token, key) pairs: query i of n
  // sees min(context - n + i, window) keys.
  std::int64_t attended() const;
  std::int64_t pairs() const;
};

// One kernel of the launch sequence.
struct KernelCost {
  const char* name = "";
  Bytes hbm;          // read and written, anchors included
  Bytes hbm_anchors;  // of these, K and V of anchors
  Flops flops;        // executed: rows padded to the matrix tile
  std::int64_t launches = 1;
};

struct Cost {
  std::vector<KernelCost> kernels;
  Bytes workspace;          // device memory beside Q, K, V and O
  std::int64_t splits = 1;  // KV splits of one (sequence, KV head)
  Bytes hbm() const;
  Bytes hbm_anchors() const;
  Flops flops() const;
  std::int64_t launches() const;
};

Cost cost(const Problem& problem);

// The paper's figure for one layer: N x N scores of 2 bytes.
Bytes paper_nxn_bytes(std::int64_t n);

}  // namespace fieldsim::attention
