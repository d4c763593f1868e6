#include "sim/model/parameters.hpp"

namespace fieldsim::model {
namespace {

std::int64_t layer_parameters_dense(const ModelShape& s) {
  const MlpParameters m = mlp_parameters(s);
  return m.dense_matrices + m.dense_vectors;
}

// An MoE layer with `experts` routed experts counted: all, or those of one token.
std::int64_t layer_parameters_moe(const ModelShape& s, std::int64_t experts) {
  const MlpParameters m = mlp_parameters(s);
  return m.router + m.router_vectors + m.shared + experts * (m.expert_up + m.expert_down);
}

// Everything but the embedding table and the routed experts' share.
std::int64_t body(const ModelShape& s, std::int64_t experts) {
  const AttentionParameters a = attention_parameters(s);
  const std::int64_t norms = 2 * s.hidden_size;
  return s.num_hidden_layers * (a.matrices + a.vectors + norms) +
         dense_layers(s) * layer_parameters_dense(s) +
         moe_layers(s) * layer_parameters_moe(s, experts) + s.hidden_size;
}

// base^exponent by squaring: the same on every machine, unlike std::pow.
double power(double base, std::int64_t exponent) {
  double result = 1.0;
  for (; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 == 1) result *= base;
  }
  return result;
}

}  // namespace

AttentionParameters attention_parameters(const ModelShape& s) {
  const std::int64_t h = s.hidden_size;
  const std::int64_t heads = s.num_attention_heads;
  if (attention_kind(s) == AttentionKind::mla) {
    const std::int64_t query = heads * (s.qk_nope_head_dim + s.qk_rope_head_dim);
    const std::int64_t q = s.q_lora_rank > 0 ? s.q_lora_rank * (h + query) : h * query;
    const std::int64_t kv_a = h * (s.kv_lora_rank + s.qk_rope_head_dim);
    const std::int64_t kv_b = s.kv_lora_rank * heads * (s.qk_nope_head_dim + s.v_head_dim);
    const std::int64_t o = heads * s.v_head_dim * h;
    return {.matrices = q + kv_a + kv_b + o, .vectors = s.q_lora_rank + s.kv_lora_rank};
  }
  const std::int64_t q = heads * s.head_dim;
  const std::int64_t kv = 2 * s.num_key_value_heads * s.head_dim;
  AttentionParameters a{.matrices = h * (q + kv) + q * h, .vectors = 0};
  if (s.qkv_bias || s.attention_bias) a.vectors += q + kv;
  if (s.attention_bias) a.vectors += h;
  if (s.qk_norm) a.vectors += 2 * s.head_dim;
  return a;
}

MlpParameters mlp_parameters(const ModelShape& s) {
  const std::int64_t h = s.hidden_size;
  const std::int64_t ff = s.intermediate_size;
  const std::int64_t expert_ff = s.moe_intermediate_size;
  MlpParameters m;
  m.dense_matrices = 3 * h * ff;
  if (s.mlp_bias) m.dense_vectors = 2 * ff + h;
  if (s.n_routed_experts == 0) return m;
  m.router = s.n_routed_experts * h;
  if (s.topk_method == "noaux_tc") m.router_vectors = s.n_routed_experts;
  m.shared = 3 * h * s.n_shared_experts * expert_ff;
  m.expert_up = 2 * h * expert_ff;
  m.expert_down = expert_ff * h;
  return m;
}

std::int64_t parameters(const ModelShape& s) {
  const std::int64_t table = s.vocab_size * s.hidden_size;
  return body(s, s.n_routed_experts) + (s.tie_word_embeddings ? table : 2 * table);
}

std::int64_t active_parameters(const ModelShape& s) {
  return body(s, s.num_experts_per_tok) + s.vocab_size * s.hidden_size;
}

Bytes weight_bytes(const ModelShape& s, Bytes per_element) { return per_element * parameters(s); }

Bytes kv_bytes_per_token(const ModelShape& s, Bytes per_element) {
  return per_element * (s.num_hidden_layers * decode_geometry(s).cached_elements());
}

double expected_experts(const ModelShape& s, std::int64_t tokens) {
  if (s.n_routed_experts == 0) return 0.0;
  const double all = static_cast<double>(s.n_routed_experts);
  const double missed = 1.0 - static_cast<double>(s.num_experts_per_tok) / all;
  return all * (1.0 - power(missed, tokens));
}

Bytes weights_read_per_step(const ModelShape& s, std::int64_t tokens, Bytes per_element) {
  const MlpParameters m = mlp_parameters(s);
  const double experts = expected_experts(s, tokens);
  const Bytes experts_of_a_layer =
      scaled(per_element * m.expert_up, experts) + scaled(per_element * m.expert_down, experts);
  const std::int64_t rows = tokens * s.hidden_size;
  const std::int64_t head = s.vocab_size * s.hidden_size;
  return per_element * (body(s, 0) + head + rows) + experts_of_a_layer * moe_layers(s);
}

}  // namespace fieldsim::model
