#pragma once
// The operators of one step as data: what each reads, writes and computes. Nothing here knows a
// GPU. A step is a set of layers, each with its list, and a list that runs once (embedding, final
// norm, output head, sampling). Fusion follows vLLM's Llama path: norm with residual add, QKV in
// one product, gate and up in one product, SiLU with multiply.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/model/shape.hpp"

namespace fieldsim::model {

enum class OperatorKind { gemm, attention, elementwise, embedding, sampling };
std::string_view to_string(OperatorKind kind);

// C[m,n] = A[m,k] B[k,n], `groups` times with different B (and A). Dense: groups = 1. MLA's
// absorbed products: one group a head. Experts: groups = expected distinct experts, rounded up, and
// m is the mean row count of a group, rounded up.
struct GemmShape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t groups = 1;
};

struct Operator {
  std::string name = {};
  OperatorKind kind = OperatorKind::elementwise;
  Bytes weight_bytes = {};    // weights, norms, biases, embedding rows read
  Bytes activation_in = {};   // activations read (KV cache reads belong to sim/attention)
  Bytes activation_out = {};  // activations written, new KV included
  Flops flops = {};
  std::int64_t launches = 1;  // kernels; 0 for attention, whose kernels sim/attention counts
  GemmShape gemm = {};        // kind gemm only
};

// Equal layers, counted.
struct LayerGroup {
  std::string name;  // "layer", or "dense layer" and "moe layer"
  std::int64_t count = 0;
  std::vector<Operator> operators;
};

struct StepOperators {
  std::vector<LayerGroup> layers;
  std::vector<Operator> once;
};

// One decode step: `batch` sequences, one new token each.
StepOperators decode_operators(const ModelShape& shape, std::int64_t batch,
                               const Precision& precision);
StepOperators decode_operators(const ModelShape& shape, std::int64_t batch);

// One prefill chunk of `tokens` tokens. The output head and sampling run on `logit_rows` rows, one
// for each prompt that ends in this chunk; with 0 neither is there. MLA's kv_b_proj covers the
// chunk only: behind a cached prefix, its latents are expanded again by the attention kernel's
// caller.
StepOperators prefill_operators(const ModelShape& shape, std::int64_t tokens,
                                const Precision& precision, std::int64_t logit_rows = 1);
StepOperators prefill_operators(const ModelShape& shape, std::int64_t tokens);

// Sums over a step, layers multiplied by their count. `name` and `gemm` are left empty.
Operator total(const StepOperators& step);
Operator total(const std::vector<Operator>& operators);

}  // namespace fieldsim::model
