#include "sim/model/shape.hpp"

#include <algorithm>
#include <utility>

namespace fieldsim::model {

const std::vector<std::string>& supported_model_types() {
  static const std::vector<std::string> types = {
      "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "deepseek_v2", "deepseek_v3"};
  return types;
}

ModelShape completed(ModelShape s) {
  if (s.num_key_value_heads == 0) s.num_key_value_heads = s.num_attention_heads;
  if (s.head_dim == 0 && s.num_attention_heads > 0) {
    s.head_dim = s.hidden_size / s.num_attention_heads;
  }
  if (s.n_routed_experts == 0) s.n_routed_experts = std::max(s.num_local_experts, s.num_experts);
  if (s.n_routed_experts > 0 && s.moe_intermediate_size == 0) {
    s.moe_intermediate_size = s.intermediate_size;  // Mixtral: every expert is a full MLP
  }
  if (s.moe_layer_freq == 0) s.moe_layer_freq = 1;
  if (s.model_type == "qwen2") s.qkv_bias = true;
  if (s.model_type == "qwen3" || s.model_type == "qwen3_moe") s.qk_norm = true;
  if (s.model_type == "qwen2" || s.model_type == "qwen3" || s.model_type == "qwen3_moe") {
    if (!s.use_sliding_window) s.sliding_window = 0;
  }
  return s;
}

namespace {

// With these two bounds every product of counts stays inside 64 bits.
constexpr std::int64_t kLargestCount = 1'000'000'000;
constexpr double kMostParameters = 1e14;

class Checker {
 public:
  void need(bool ok, const char* key, std::string message) {
    if (!ok)
      problems_.push_back({.where = {}, .path = key, .message = std::move(message), .nearest = {}});
  }
  void positive(std::int64_t value, const char* key, const char* unit) {
    between(value, 1, key, unit);
  }
  void not_negative(std::int64_t value, const char* key, const char* unit) {
    between(value, 0, key, unit);
  }
  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  std::vector<Problem> take() { return std::move(problems_); }

 private:
  void between(std::int64_t value, std::int64_t least, const char* key, const char* unit) {
    need(value >= least && value <= kLargestCount, key,
         "is " + std::to_string(value) + "; expected a count of " + unit + " from " +
             std::to_string(least) + " to " + std::to_string(kLargestCount));
  }

  std::vector<Problem> problems_;
};

void check_family(const ModelShape& s, Checker& c) {
  const auto& known = supported_model_types();
  if (std::find(known.begin(), known.end(), s.model_type) == known.end()) {
    std::string list;
    for (const std::string& type : known) list += (list.empty() ? "" : ", ") + type;
    c.add({.where = {},
           .path = "model_type",
           .message = "'" + s.model_type +
                      "' is not a family whose structure is known; expected one of " + list,
           .nearest = nearest_word(s.model_type, known)});
  }
  c.need(dtype_bytes(s.torch_dtype) > Bytes::zero(), "torch_dtype",
         "'" + s.torch_dtype +
             "' is not a known element type; expected float16, bfloat16, float32, "
             "float8_e4m3fn, float8_e5m2 or int8");
}

void check_attention(const ModelShape& s, Checker& c) {
  c.positive(s.num_attention_heads, "num_attention_heads", "query heads");
  c.positive(s.num_key_value_heads, "num_key_value_heads", "KV heads");
  c.positive(s.head_dim, "head_dim", "elements");
  c.not_negative(s.sliding_window, "sliding_window", "tokens");
  c.not_negative(s.kv_lora_rank, "kv_lora_rank", "elements");
  c.not_negative(s.q_lora_rank, "q_lora_rank", "elements");
  if (s.kv_lora_rank > 0) {
    c.positive(s.qk_nope_head_dim, "qk_nope_head_dim", "elements");
    c.positive(s.qk_rope_head_dim, "qk_rope_head_dim", "elements");
    c.positive(s.v_head_dim, "v_head_dim", "elements");
    return;
  }
  if (s.num_attention_heads > 0 && s.head_dim == s.hidden_size / s.num_attention_heads) {
    c.need(s.hidden_size % s.num_attention_heads == 0, "num_attention_heads",
           std::to_string(s.num_attention_heads) + " heads do not share " +
               std::to_string(s.hidden_size) +
               " elements evenly; expected a divisor of hidden_size, or a head_dim");
  }
  if (s.num_attention_heads > 0 && s.num_key_value_heads > 0) {
    c.need(s.num_attention_heads % s.num_key_value_heads == 0, "num_key_value_heads",
           std::to_string(s.num_attention_heads) + " query heads do not share " +
               std::to_string(s.num_key_value_heads) +
               " KV heads evenly; expected a divisor of num_attention_heads");
  }
}

void check_mlp(const ModelShape& s, Checker& c) {
  c.not_negative(s.n_routed_experts, "n_routed_experts", "experts");
  c.not_negative(s.n_shared_experts, "n_shared_experts", "experts");
  if (s.n_routed_experts > 0) {
    c.positive(s.num_experts_per_tok, "num_experts_per_tok", "experts");
    c.positive(s.moe_intermediate_size, "moe_intermediate_size", "elements");
    c.positive(s.moe_layer_freq, "moe_layer_freq", "layers");
    c.need(s.num_experts_per_tok <= s.n_routed_experts, "num_experts_per_tok",
           std::to_string(s.num_experts_per_tok) + " experts a token out of " +
               std::to_string(s.n_routed_experts) + "; expected at most n_routed_experts");
    c.need(s.first_k_dense_replace >= 0 && s.first_k_dense_replace <= s.num_hidden_layers,
           "first_k_dense_replace",
           "is " + std::to_string(s.first_k_dense_replace) + "; expected 0 to num_hidden_layers");
  }
  if (s.n_routed_experts == 0 || dense_layers(s) > 0) {
    c.positive(s.intermediate_size, "intermediate_size", "elements");
  }
}

void check_size(const ModelShape& s, Checker& c) {
  const auto d = [](std::int64_t v) { return static_cast<double>(v); };
  const double h = d(s.hidden_size);
  const double heads = d(s.num_attention_heads);
  const double q = heads * d(s.head_dim + s.qk_nope_head_dim + s.qk_rope_head_dim + s.v_head_dim);
  const double kv = 2 * d(s.num_key_value_heads) * d(s.head_dim) + d(s.kv_lora_rank);
  const double attention = 2 * h * (q + kv) + (d(s.q_lora_rank) + d(s.kv_lora_rank)) * (h + q);
  const double experts = d(s.n_routed_experts) + d(s.n_shared_experts);
  const double mlp = 3 * h * (d(s.intermediate_size) + (experts + 1) * d(s.moe_intermediate_size));
  const double all = 2 * h * d(s.vocab_size) + d(s.num_hidden_layers) * (attention + mlp);
  c.need(all <= kMostParameters, "",
         "the counts multiply to about " + std::to_string(all / 1e12) +
             " trillion parameters; expected at most 100 trillion");
}

}  // namespace

std::vector<Problem> validate(const ModelShape& s) {
  Checker c;
  check_family(s, c);
  c.positive(s.hidden_size, "hidden_size", "elements");
  c.positive(s.num_hidden_layers, "num_hidden_layers", "layers");
  c.positive(s.vocab_size, "vocab_size", "tokens");
  c.positive(s.max_position_embeddings, "max_position_embeddings", "tokens");
  c.need(s.rope_theta > 0, "rope_theta", "expected a positive base");
  check_attention(s, c);
  check_mlp(s, c);
  check_size(s, c);
  return c.take();
}

AttentionKind attention_kind(const ModelShape& s) {
  if (s.kv_lora_rank > 0) return AttentionKind::mla;
  if (s.num_key_value_heads == s.num_attention_heads) return AttentionKind::mha;
  return s.num_key_value_heads == 1 ? AttentionKind::mqa : AttentionKind::gqa;
}

std::string_view to_string(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::mha:
      return "mha";
    case AttentionKind::gqa:
      return "gqa";
    case AttentionKind::mqa:
      return "mqa";
    case AttentionKind::mla:
      return "mla";
  }
  return "?";
}

AttentionGeometry decode_geometry(const ModelShape& s) {
  if (attention_kind(s) != AttentionKind::mla) return prefill_geometry(s);
  return {.query_heads = s.num_attention_heads,
          .kv_heads = 1,
          .key_dim = s.kv_lora_rank + s.qk_rope_head_dim,
          .value_dim = s.kv_lora_rank,
          .value_in_key = true};
}

AttentionGeometry prefill_geometry(const ModelShape& s) {
  if (attention_kind(s) == AttentionKind::mla) {
    return {.query_heads = s.num_attention_heads,
            .kv_heads = s.num_attention_heads,
            .key_dim = s.qk_nope_head_dim + s.qk_rope_head_dim,
            .value_dim = s.v_head_dim,
            .value_in_key = false};
  }
  return {.query_heads = s.num_attention_heads,
          .kv_heads = s.num_key_value_heads,
          .key_dim = s.head_dim,
          .value_dim = s.head_dim,
          .value_in_key = false};
}

bool is_moe_layer(const ModelShape& s, std::int64_t layer) {
  return s.n_routed_experts > 0 && layer >= s.first_k_dense_replace &&
         layer % std::max<std::int64_t>(s.moe_layer_freq, 1) == 0;
}

std::int64_t moe_layers(const ModelShape& s) {
  if (s.n_routed_experts == 0) return 0;
  const std::int64_t every = std::max<std::int64_t>(s.moe_layer_freq, 1);
  const auto up_to = [every](std::int64_t layer) { return (layer + every - 1) / every; };
  return std::max<std::int64_t>(up_to(s.num_hidden_layers) - up_to(s.first_k_dense_replace), 0);
}

std::int64_t dense_layers(const ModelShape& s) { return s.num_hidden_layers - moe_layers(s); }

std::int64_t attended_tokens(const ModelShape& s, std::int64_t context) {
  return s.sliding_window > 0 ? std::min(context, s.sliding_window) : context;
}

Bytes dtype_bytes(std::string_view dtype) {
  if (dtype == "float16" || dtype == "bfloat16") return Bytes::raw(2);
  if (dtype == "float32") return Bytes::raw(4);
  if (dtype == "float8_e4m3fn" || dtype == "float8_e5m2" || dtype == "int8") return Bytes::raw(1);
  return Bytes::zero();
}

Precision published_precision(const ModelShape& s) {
  const Bytes element = dtype_bytes(s.torch_dtype);
  return {.weight = element, .activation = element, .kv = element};
}

}  // namespace fieldsim::model
