#pragma once
// Floating-point operations of a step, a multiply-add counting two. Sources: Kaplan et al., arXiv
// 2001.08361, section 2.1 (2 per matrix parameter and token); attention as FlashAttention counts it
// (4 D per head, query and key; Dao, arXiv 2307.08691, section 4.1).
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/model/shape.hpp"

namespace fieldsim::model {

// Matrix products of all layers for one token: 2 * active matrix parameters of the layers.
Flops layer_linear_flops_per_token(const ModelShape& shape);

// Output head for one row: 2 h V.
Flops output_head_flops(const ModelShape& shape);

// One decoded token: both of the above. Llama-2-13B: 2.57e10.
Flops linear_flops_per_token(const ModelShape& shape);

// Attention of one decoded token over all layers: 2 L Hq (key_dim + value_dim) * attended tokens;
// 4 L Hq D context without a window. Llama-2-13B at 64,000: 5.24e10.
Flops attention_flops_per_token(const ModelShape& shape, std::int64_t context);

// Matrix products of a prefill chunk; the output head runs on `logit_rows` rows only.
// Llama-2-13B, 64,000 tokens: 1.62e15.
Flops prefill_linear_flops(const ModelShape& shape, std::int64_t tokens,
                           std::int64_t logit_rows = 1);

// Causal attention of `tokens` new tokens behind `prefix` cached ones, all layers: token i (from 1)
// attends to prefix + i keys. Llama-2-13B, 64,000 tokens: 1.68e15.
Flops prefill_attention_flops(const ModelShape& shape, std::int64_t tokens,
                              std::int64_t prefix = 0);

}  // namespace fieldsim::model
