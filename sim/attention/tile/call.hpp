#pragma once
// One attention layer of a serving step as its kernels see it: a uniform batch of requests.
#include <cstdint>

namespace fieldsim::attention::tile {

struct AttentionCall {
  std::int64_t batch = 1;
  std::int64_t query_tokens = 1;  // per request; 1 is decode
  std::int64_t query_heads = 32;
  std::int64_t kv_heads = 8;
  std::int64_t context = 1;  // KV tokens per request, with the new ones
  std::int64_t head_dim = 128;
  std::int64_t window = 0;  // sliding window in tokens; 0: none
  bool fp8 = false;         // 8-bit KV cache (and queries)
  bool cold = false;        // KV is not in L2 (a layer of a real step, not a replayed kernel)
  bool causal = true;       // false: every query sees the whole context (anchors)
  bool writes = true;       // the layer's new K and V go to the cache before it

  std::int64_t group() const { return query_heads / kv_heads; }
  std::int64_t tokens() const { return batch * query_tokens; }
};

}  // namespace fieldsim::attention::tile
