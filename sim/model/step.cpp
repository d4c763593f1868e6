#include "sim/model/step.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/model/parameters.hpp"

namespace fieldsim::model {
namespace {

// Operations per element of the elementwise kernels, counted from their formulas; a special
// function counts one. They never bind, but energy and the roofline report want a number.
constexpr std::int64_t kNormFlops = 5;     // add residual, square, accumulate, scale, weight
constexpr std::int64_t kRopeFlops = 3;     // a pair takes 4 multiplications and 2 additions
constexpr std::int64_t kSiluMulFlops = 5;  // negate, exp, add, divide, multiply
constexpr std::int64_t kSampleFlops = 4;   // cast, subtract maximum, exp, normalise
// Kernels of one draw in vLLM: cast to FP32 (v1/sample/sampler.py), softmax, top-k/top-p, draw.
constexpr std::int64_t kSampleLaunches = 4;
constexpr Bytes kLogitBytes = Bytes::raw(4);
constexpr Bytes kTokenIdBytes = Bytes::raw(8);

enum class Phase { decode, prefill };

// Appends the operators of one layer to a list, in the order they run.
class LayerWriter {
 public:
  LayerWriter(const ModelShape& shape, const Precision& precision, std::int64_t tokens, Phase phase)
      : s_(shape), p_(precision), t_(tokens), phase_(phase) {}

  std::vector<Operator> layer(bool moe) {
    list_.clear();
    norm("input_norm");
    if (attention_kind(s_) == AttentionKind::mla) {
      latent_attention();
    } else {
      head_attention();
    }
    norm("post_attention_norm");
    if (moe) {
      moe_mlp();
    } else {
      gated_mlp("", s_.intermediate_size, mlp_parameters(s_).dense_vectors);
    }
    return std::move(list_);
  }

  std::vector<Operator> once(std::int64_t logit_rows) {
    list_.clear();
    const std::int64_t h = s_.hidden_size;
    add({.name = "embedding",
         .kind = OperatorKind::embedding,
         .weight_bytes = p_.weight * (t_ * h),
         .activation_in = kTokenIdBytes * t_,
         .activation_out = p_.activation * (t_ * h)});
    norm("final_norm");
    if (logit_rows > 0) head_and_sampling(logit_rows);
    return std::move(list_);
  }

 private:
  Operator& add(Operator op) { return list_.emplace_back(std::move(op)); }

  Operator& gemm(std::string name, std::int64_t n, std::int64_t k, std::int64_t bias = 0) {
    return gemm(std::move(name), {.m = t_, .n = n, .k = k, .groups = 1}, bias);
  }

  Operator& gemm(std::string name, GemmShape g, std::int64_t bias = 0) {
    return add({.name = std::move(name),
                .kind = OperatorKind::gemm,
                .weight_bytes = p_.weight * (g.groups * g.n * g.k + bias),
                .activation_in = p_.activation * (g.groups * g.m * g.k),
                .activation_out = p_.activation * (g.groups * g.m * g.n),
                .flops = Flops::raw(2) * (g.groups * g.m * g.n) * g.k,
                .launches = 1,
                .gemm = g});
  }

  // Elements a token reads and writes, operations a token costs.
  Operator& elementwise(std::string name, std::int64_t in, std::int64_t out, std::int64_t flops,
                        std::int64_t weights = 0) {
    return add({.name = std::move(name),
                .kind = OperatorKind::elementwise,
                .weight_bytes = p_.weight * weights,
                .activation_in = p_.activation * (t_ * in),
                .activation_out = p_.activation * (t_ * out),
                .flops = Flops::raw(t_ * flops)});
  }

  // Adds the residual, keeps the sum, normalises: reads two vectors, writes two.
  void norm(std::string name) {
    const std::int64_t h = s_.hidden_size;
    elementwise(std::move(name), 2 * h, 2 * h, kNormFlops * h, h);
  }

  void attention(std::int64_t query, std::int64_t output) {
    Operator& op = elementwise("attention", query, output, 0);
    op.kind = OperatorKind::attention;
    op.launches = 0;
  }

  // Rotates `rotated` elements a token in place and writes `cached` elements to the KV cache.
  void rope_and_cache(std::int64_t rotated, std::int64_t cached) {
    Operator& op = elementwise("rope_kv_write", rotated + cached, rotated, kRopeFlops * rotated);
    op.activation_out += p_.kv * (t_ * cached);
    op.launches = 2;
  }

  void head_attention() {
    const std::int64_t q = s_.num_attention_heads * s_.head_dim;
    const std::int64_t k = s_.num_key_value_heads * s_.head_dim;
    const bool bias = s_.qkv_bias || s_.attention_bias;
    gemm("qkv_proj", q + 2 * k, s_.hidden_size, bias ? q + 2 * k : 0);
    if (s_.qk_norm) elementwise("qk_norm", q + k, q + k, kNormFlops * (q + k), 2 * s_.head_dim);
    rope_and_cache(q + k, 2 * k);
    attention(q, q);
    gemm("o_proj", s_.hidden_size, q, s_.attention_bias ? s_.hidden_size : 0);
  }

  // DeepSeek-V2, arXiv 2405.04434, 2.1.2: decode multiplies queries and outputs by the two halves
  // of kv_b_proj (absorbed), prefill expands the latent to full keys and values.
  void latent_attention() {
    const std::int64_t heads = s_.num_attention_heads;
    const std::int64_t latent = s_.kv_lora_rank;
    const std::int64_t rope = s_.qk_rope_head_dim;
    const std::int64_t query = heads * (s_.qk_nope_head_dim + rope);
    if (s_.q_lora_rank > 0) {
      gemm("q_a_proj", s_.q_lora_rank, s_.hidden_size);
      elementwise("q_a_norm", s_.q_lora_rank, s_.q_lora_rank, kNormFlops * s_.q_lora_rank,
                  s_.q_lora_rank);
      gemm("q_b_proj", query, s_.q_lora_rank);
    } else {
      gemm("q_proj", query, s_.hidden_size);
    }
    gemm("kv_a_proj", latent + rope, s_.hidden_size);
    elementwise("kv_a_norm", latent, latent, kNormFlops * latent, latent);
    rope_and_cache(heads * rope + rope, latent + rope);
    if (phase_ == Phase::decode) {
      gemm("q_absorb", {.m = t_, .n = latent, .k = s_.qk_nope_head_dim, .groups = heads});
      attention(heads * (latent + rope), heads * latent);
      gemm("v_absorb", {.m = t_, .n = s_.v_head_dim, .k = latent, .groups = heads});
    } else {
      gemm("kv_b_proj", heads * (s_.qk_nope_head_dim + s_.v_head_dim), latent);
      attention(query, heads * s_.v_head_dim);
    }
    gemm("o_proj", s_.hidden_size, heads * s_.v_head_dim);
  }

  void gated_mlp(const std::string& prefix, std::int64_t ff, std::int64_t biases) {
    const std::int64_t h = s_.hidden_size;
    gemm(prefix + "gate_up_proj", 2 * ff, h, biases > 0 ? 2 * ff : 0);
    elementwise(prefix + "silu_mul", 2 * ff, ff, kSiluMulFlops * ff);
    gemm(prefix + "down_proj", h, ff, biases > 0 ? h : 0);
  }

  void moe_mlp() {
    const std::int64_t picked = s_.num_experts_per_tok;
    const std::int64_t ff = s_.moe_intermediate_size;
    const std::int64_t h = s_.hidden_size;
    const MlpParameters m = mlp_parameters(s_);
    gemm("router", s_.n_routed_experts, h, m.router_vectors);
    // Softmax and top-k, then the sort of rows by expert.
    elementwise("route", s_.n_routed_experts, 2 * picked, kSampleFlops * s_.n_routed_experts)
        .launches = 2;
    expert_gemm("experts_gate_up", m.expert_up, 2 * ff, h);
    elementwise("experts_silu_mul", picked * 2 * ff, picked * ff, kSiluMulFlops * picked * ff);
    expert_gemm("experts_down", m.expert_down, h, ff);
    elementwise("experts_combine", picked * h, h, 2 * picked * h);
    if (s_.n_shared_experts > 0) gated_mlp("shared_", s_.n_shared_experts * ff, 0);
  }

  void expert_gemm(std::string name, std::int64_t matrix, std::int64_t n, std::int64_t k) {
    const double distinct = expected_experts(s_, t_);
    const std::int64_t rows = t_ * s_.num_experts_per_tok;
    const auto groups = static_cast<std::int64_t>(std::ceil(distinct));
    Operator& op = add({.name = std::move(name), .kind = OperatorKind::gemm});
    op.weight_bytes = scaled(p_.weight * matrix, distinct);
    op.activation_in = p_.activation * (rows * k);
    op.activation_out = p_.activation * (rows * n);
    op.flops = Flops::raw(2) * (rows * n) * k;
    op.gemm = {.m = (rows + groups - 1) / groups, .n = n, .k = k, .groups = groups};
  }

  void head_and_sampling(std::int64_t rows) {
    const std::int64_t logits = rows * s_.vocab_size;
    gemm("lm_head", {.m = rows, .n = s_.vocab_size, .k = s_.hidden_size, .groups = 1});
    // The cast reads the logits and writes FP32, softmax reads and writes FP32, the draw reads
    // FP32.
    add({.name = "sampling",
         .kind = OperatorKind::sampling,
         .weight_bytes = {},
         .activation_in = (p_.activation + 2 * kLogitBytes) * logits,
         .activation_out = 2 * kLogitBytes * logits + kTokenIdBytes * rows,
         .flops = Flops::raw(kSampleFlops * logits),
         .launches = kSampleLaunches});
  }

  const ModelShape& s_;
  Precision p_;
  std::int64_t t_;
  Phase phase_;
  std::vector<Operator> list_;
};

StepOperators write_step(const ModelShape& s, std::int64_t tokens, const Precision& precision,
                         Phase phase, std::int64_t logit_rows) {
  SIM_CHECK(tokens > 0, "a step needs at least one token");
  LayerWriter writer(s, precision, tokens, phase);
  StepOperators step;
  const std::int64_t moe = moe_layers(s);
  const std::int64_t dense = s.num_hidden_layers - moe;
  if (dense > 0) {
    step.layers.push_back({moe > 0 ? "dense layer" : "layer", dense, writer.layer(false)});
  }
  if (moe > 0) step.layers.push_back({dense > 0 ? "moe layer" : "layer", moe, writer.layer(true)});
  step.once = writer.once(logit_rows);
  return step;
}

void accumulate(Operator& sum, const Operator& op, std::int64_t count) {
  sum.weight_bytes += op.weight_bytes * count;
  sum.activation_in += op.activation_in * count;
  sum.activation_out += op.activation_out * count;
  sum.flops += op.flops * count;
  sum.launches += op.launches * count;
}

}  // namespace

std::string_view to_string(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::gemm:
      return "gemm";
    case OperatorKind::attention:
      return "attention";
    case OperatorKind::elementwise:
      return "elementwise";
    case OperatorKind::embedding:
      return "embedding";
    case OperatorKind::sampling:
      return "sampling";
  }
  return "?";
}

StepOperators decode_operators(const ModelShape& s, std::int64_t batch, const Precision& p) {
  return write_step(s, batch, p, Phase::decode, batch);
}

StepOperators decode_operators(const ModelShape& s, std::int64_t batch) {
  return decode_operators(s, batch, published_precision(s));
}

StepOperators prefill_operators(const ModelShape& s, std::int64_t tokens, const Precision& p,
                                std::int64_t logit_rows) {
  return write_step(s, tokens, p, Phase::prefill, logit_rows);
}

StepOperators prefill_operators(const ModelShape& s, std::int64_t tokens) {
  return prefill_operators(s, tokens, published_precision(s));
}

Operator total(const std::vector<Operator>& operators) {
  Operator sum{.launches = 0};
  for (const Operator& op : operators) accumulate(sum, op, 1);
  return sum;
}

Operator total(const StepOperators& step) {
  Operator sum = total(step.once);
  for (const LayerGroup& group : step.layers) accumulate(sum, total(group.operators), group.count);
  return sum;
}

}  // namespace fieldsim::model
