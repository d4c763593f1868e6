#pragma once
// How many parameters a shape has, where they are, and how many bytes of them and of KV a step
// moves. Exact: the totals equal the published counts (configs/models, `published.parameters`).
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/model/shape.hpp"

namespace fieldsim::model {

// The parts of the parameter count. Matrices take part in matrix products; vectors are norms,
// biases and the routing bias of DeepSeek-V3.
struct AttentionParameters {
  std::int64_t matrices = 0;
  std::int64_t vectors = 0;  // q/k/v/o biases, q/k norms, norms of the MLA latents
};
AttentionParameters attention_parameters(const ModelShape& shape);

struct MlpParameters {
  std::int64_t dense_matrices = 0;  // dense layer: 3 h ff
  std::int64_t dense_vectors = 0;
  std::int64_t router = 0;          // MoE layer: E h
  std::int64_t router_vectors = 0;  // MoE layer: E with topk_method noaux_tc
  std::int64_t shared = 0;          // MoE layer: 3 h (n_shared moe_ff)
  std::int64_t expert_up = 0;       // one expert, gate and up: 2 h moe_ff
  std::int64_t expert_down = 0;     // one expert, down: moe_ff h
};
MlpParameters mlp_parameters(const ModelShape& shape);

// All parameters: embedding + layers (attention + MLP + 2 norms of h) + final norm + output head
// (absent when tied).
std::int64_t parameters(const ModelShape& shape);

// Parameters that one token uses: as above with num_experts_per_tok of the routed experts and
// without the embedding table, of which a token reads one row (the output head is counted, tied or
// not).
std::int64_t active_parameters(const ModelShape& shape);

Bytes weight_bytes(const ModelShape& shape, Bytes per_element);

// Cache of one token over all layers: layers * cached elements * bytes. GQA: 2 L Hkv D;
// MLA: L (kv_lora_rank + qk_rope_head_dim). Llama-2-13B, FP16: 819,200 B.
Bytes kv_bytes_per_token(const ModelShape& shape, Bytes per_element);

// Experts of one layer that `tokens` tokens touch together, in expectation, when each picks
// num_experts_per_tok of E uniformly: E (1 - (1 - k/E)^tokens). Real routers are skewed and touch
// fewer, so this is the bandwidth-pessimistic case.
double expected_experts(const ModelShape& shape, std::int64_t tokens);

// Weights that one step over `tokens` tokens reads: every weight once, except that of the embedding
// table one row a token, and of the routed experts the expected_experts().
// Llama-2-13B, FP16, one token: 25.704 GB.
Bytes weights_read_per_step(const ModelShape& shape, std::int64_t tokens, Bytes per_element);

}  // namespace fieldsim::model
