#pragma once
// The shape of a decoder-only transformer: what Hugging Face's config.json says of it, under that
// file's own key names, so that a schema binds one to one. Names and defaults: transformers,
// src/transformers/models/{llama,mistral,mixtral,qwen2,qwen3,deepseek_v2,deepseek_v3}/configuration_*.py.
//
// Every family here has the same skeleton: RMSNorm, attention, RMSNorm, gated MLP (SiLU), one final
// norm and one output head. Attention is MHA, GQA, MQA or MLA; the MLP is dense or a mixture of
// experts. A count that is 0 was absent from (or null in) the file.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/units.hpp"

namespace fieldsim::model {

struct ModelShape {
  std::string name;                     // ours: the file's name, "llama-2-13b"
  std::string model_type;               // "llama", "mistral", "qwen2", "deepseek_v2", ...
  std::string torch_dtype = "float16";  // of the published weights; newer files say "dtype"

  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // 0: num_attention_heads
  std::int64_t head_dim = 0;             // 0: hidden_size / num_attention_heads
  std::int64_t intermediate_size = 0;    // of a dense MLP
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;  // longest context the model was published for
  std::int64_t sliding_window = 0;           // tokens a query sees; 0: all
  bool use_sliding_window = false;           // Qwen only: the window counts when this is true
  double rope_theta = 10000.0;
  bool tie_word_embeddings = false;  // the output head is the embedding table
  bool attention_bias = false;       // biases on Q, K, V and output projections
  bool mlp_bias = false;             // biases on gate, up and down projections

  // Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, 2.1). kv_lora_rank > 0 is MLA.
  std::int64_t kv_lora_rank = 0;
  std::int64_t q_lora_rank = 0;  // 0: queries are projected directly
  std::int64_t qk_nope_head_dim = 0;
  std::int64_t qk_rope_head_dim = 0;
  std::int64_t v_head_dim = 0;

  // Mixture of experts. n_routed_experts > 0 is MoE; two families name the same count otherwise.
  std::int64_t n_routed_experts = 0;
  std::int64_t num_local_experts = 0;  // Mixtral
  std::int64_t num_experts = 0;        // Qwen3-MoE
  std::int64_t n_shared_experts = 0;
  std::int64_t num_experts_per_tok = 0;
  std::int64_t moe_intermediate_size = 0;  // of one expert
  std::int64_t first_k_dense_replace = 0;  // the first k layers keep a dense MLP
  std::int64_t moe_layer_freq = 1;         // of the others, every moe_layer_freq-th is MoE
  std::string topk_method;                 // "noaux_tc" (DeepSeek-V3): a bias for each expert

  // Not in the file but in the code of the family; completed() sets them from model_type.
  bool qkv_bias = false;  // Qwen2: biases on Q, K and V only
  bool qk_norm = false;   // Qwen3: an RMSNorm over each head of Q and of K
};

// The families whose structure this library knows.
const std::vector<std::string>& supported_model_types();

// The shape with its absent values filled in as transformers does. Every function below and in
// parameters.hpp, flops.hpp and step.hpp wants a completed, valid shape. Idempotent.
ModelShape completed(ModelShape shape);

// What is wrong with a completed shape; empty when nothing is. `path` is the key; `where` is left
// to the caller, who knows the file.
std::vector<Problem> validate(const ModelShape& shape);

enum class AttentionKind { mha, gqa, mqa, mla };
AttentionKind attention_kind(const ModelShape& shape);
std::string_view to_string(AttentionKind kind);

// What an attention kernel sees in one layer. MLA in its absorbed decode form is MQA over the
// latent: one KV head whose value is the first `value_dim` elements of its key.
struct AttentionGeometry {
  std::int64_t query_heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t key_dim = 0;    // elements of a query or a key
  std::int64_t value_dim = 0;  // elements of a value and of the output of a head
  bool value_in_key = false;   // MLA: values are not stored apart
  // Elements one token leaves in the cache of one layer.
  std::int64_t cached_elements() const {
    return kv_heads * (value_in_key ? key_dim : key_dim + value_dim);
  }
};
AttentionGeometry decode_geometry(const ModelShape& shape);
// The same in prefill: MLA expands the latent to full heads first.
AttentionGeometry prefill_geometry(const ModelShape& shape);

bool is_moe_layer(const ModelShape& shape, std::int64_t layer);  // layer counts from 0
std::int64_t moe_layers(const ModelShape& shape);
std::int64_t dense_layers(const ModelShape& shape);

// The newest `context` tokens that a query attends to: all of them, or the sliding window.
std::int64_t attended_tokens(const ModelShape& shape, std::int64_t context);

// Bytes of one element of a dtype name of config.json; zero when the name is unknown.
Bytes dtype_bytes(std::string_view torch_dtype);

// Bytes of one element of each kind of tensor.
struct Precision {
  Bytes weight;
  Bytes activation;
  Bytes kv;
};
Precision published_precision(const ModelShape& shape);  // all three as torch_dtype

}  // namespace fieldsim::model
