#include "sim/model/flops.hpp"

#include <algorithm>

#include "sim/model/parameters.hpp"

namespace fieldsim::model {
namespace {

// Operations of one query position against one key over all layers.
std::int64_t flops_per_pair(const ModelShape& s, const AttentionGeometry& g) {
  return 2 * s.num_hidden_layers * g.query_heads * (g.key_dim + g.value_dim);
}

// Sum over i = 1..tokens of attended(prefix + i), exactly.
std::int64_t causal_pairs(const ModelShape& s, std::int64_t tokens, std::int64_t prefix) {
  const std::int64_t window = s.sliding_window > 0 ? s.sliding_window : prefix + tokens;
  const std::int64_t growing = std::clamp<std::int64_t>(window - prefix, 0, tokens);
  return growing * prefix + growing * (growing + 1) / 2 + (tokens - growing) * window;
}

}  // namespace

Flops layer_linear_flops_per_token(const ModelShape& s) {
  const MlpParameters m = mlp_parameters(s);
  const std::int64_t matrices =
      s.num_hidden_layers * attention_parameters(s).matrices + dense_layers(s) * m.dense_matrices +
      moe_layers(s) * (m.router + m.shared + s.num_experts_per_tok * (m.expert_up + m.expert_down));
  return Flops::raw(2) * matrices;
}

Flops output_head_flops(const ModelShape& s) {
  return Flops::raw(2) * (s.hidden_size * s.vocab_size);
}

Flops linear_flops_per_token(const ModelShape& s) {
  return layer_linear_flops_per_token(s) + output_head_flops(s);
}

Flops attention_flops_per_token(const ModelShape& s, std::int64_t context) {
  return Flops::raw(flops_per_pair(s, decode_geometry(s))) * attended_tokens(s, context);
}

Flops prefill_linear_flops(const ModelShape& s, std::int64_t tokens, std::int64_t logit_rows) {
  return layer_linear_flops_per_token(s) * tokens + output_head_flops(s) * logit_rows;
}

Flops prefill_attention_flops(const ModelShape& s, std::int64_t tokens, std::int64_t prefix) {
  return Flops::raw(flops_per_pair(s, prefill_geometry(s))) * causal_pairs(s, tokens, prefix);
}

}  // namespace fieldsim::model
