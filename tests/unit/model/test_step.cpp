#include <catch2/catch.hpp>

#include <algorithm>
#include <string_view>

#include "sim/model/flops.hpp"
#include "sim/model/parameters.hpp"
#include "sim/model/step.hpp"
#include "tests/unit/model/shapes.hpp"

using namespace fieldsim;
using namespace fieldsim::model;
using namespace fieldsim::literals;

namespace {

Flops gemm_flops(const StepOperators& step) {
  const auto of = [](const std::vector<Operator>& list) {
    Flops sum;
    for (const Operator& op : list) {
      if (op.kind == OperatorKind::gemm) sum += op.flops;
    }
    return sum;
  };
  Flops sum = of(step.once);
  for (const LayerGroup& g : step.layers) sum += of(g.operators) * g.count;
  return sum;
}

const Operator& find(const std::vector<Operator>& list, std::string_view name) {
  const auto it = std::find_if(list.begin(), list.end(),
                               [name](const Operator& op) { return op.name == name; });
  REQUIRE(it != list.end());
  return *it;
}

}  // namespace

TEST_CASE("weights of the operators sum to the weights a step reads") {
  for (const ModelShape& s : test::all_shapes()) {
    for (std::int64_t tokens : {1, 2, 7, 64, 1000}) {
      CAPTURE(s.name, tokens);
      CHECK(total(decode_operators(s, tokens)).weight_bytes ==
            weights_read_per_step(s, tokens, 2_B));
      CHECK(total(prefill_operators(s, tokens)).weight_bytes ==
            weights_read_per_step(s, tokens, 2_B));
    }
  }
}

TEST_CASE("matrix products of the operators sum to the linear FLOP") {
  for (const ModelShape& s : test::all_shapes()) {
    for (std::int64_t tokens : {1, 16, 4096}) {
      CAPTURE(s.name, tokens);
      CHECK(gemm_flops(decode_operators(s, tokens)) == linear_flops_per_token(s) * tokens);
      CHECK(gemm_flops(prefill_operators(s, tokens)) == prefill_linear_flops(s, tokens));
      CHECK(gemm_flops(prefill_operators(s, tokens, published_precision(s), 0)) ==
            prefill_linear_flops(s, tokens, 0));
    }
  }
}

TEST_CASE("dimensions of every matrix product explain its FLOP, weights and activations") {
  for (const ModelShape& s : test::all_shapes()) {
    const StepOperators step = decode_operators(s, 8);
    for (const LayerGroup& g : step.layers) {
      for (const Operator& op : g.operators) {
        if (op.kind != OperatorKind::gemm || op.name.rfind("experts_", 0) == 0) continue;
        CAPTURE(s.name, op.name);
        CHECK(op.flops.count() == 2 * op.gemm.groups * op.gemm.m * op.gemm.n * op.gemm.k);
        CHECK(op.weight_bytes >= 2_B * (op.gemm.groups * op.gemm.n * op.gemm.k));
        CHECK(op.activation_out == 2_B * (op.gemm.groups * op.gemm.m * op.gemm.n));
      }
    }
  }
}

TEST_CASE("one layer of Llama-2-13B") {
  const StepOperators step = decode_operators(test::llama2_13b(), 4);
  REQUIRE(step.layers.size() == 1);
  CHECK(step.layers[0].count == 40);
  const auto& ops = step.layers[0].operators;
  REQUIRE(ops.size() == 9);
  const char* order[] = {"input_norm",   "qkv_proj", "rope_kv_write",
                         "attention",    "o_proj",   "post_attention_norm",
                         "gate_up_proj", "silu_mul", "down_proj"};
  for (std::size_t i = 0; i < ops.size(); ++i) CHECK(ops[i].name == order[i]);
  const GemmShape qkv = find(ops, "qkv_proj").gemm;
  CHECK(qkv.m == 4);
  CHECK(qkv.n == 3 * 5120);
  CHECK(qkv.k == 5120);
  CHECK(find(ops, "gate_up_proj").gemm.n == 2 * 13824);
  CHECK(find(ops, "down_proj").gemm.k == 13824);
  CHECK(find(ops, "attention").launches == 0);
  CHECK(find(ops, "attention").weight_bytes == 0_B);
  CHECK(find(ops, "attention").activation_in == 4 * 10'240_B);
  CHECK(find(step.once, "lm_head").gemm.n == 32000);
  CHECK(find(step.once, "embedding").weight_bytes == 4 * 10'240_B);
}

TEST_CASE("new KV of a step is what the cache grows by") {
  for (const ModelShape& s : test::all_shapes()) {
    Precision p = published_precision(s);
    const StepOperators with = decode_operators(s, 3, p);
    p.kv = 0_B;
    const Bytes written =
        total(with).activation_out - total(decode_operators(s, 3, p)).activation_out;
    CAPTURE(s.name);
    CHECK(written == kv_bytes_per_token(s, 2_B) * 3);
  }
}

TEST_CASE("MLA absorbs kv_b_proj in decode and applies it in prefill, with the same weights") {
  const ModelShape s = test::deepseek_v2_lite();
  const auto decode = decode_operators(s, 8).layers[0].operators;
  const auto prefill = prefill_operators(s, 8).layers[0].operators;
  CHECK(find(decode, "q_absorb").gemm.groups == 16);
  CHECK(find(decode, "q_absorb").weight_bytes + find(decode, "v_absorb").weight_bytes ==
        find(prefill, "kv_b_proj").weight_bytes);
  CHECK(find(decode, "attention").activation_in == 8 * 2_B * (16 * 576));
  CHECK(find(prefill, "attention").activation_in == 8 * 2_B * (16 * 192));
}

TEST_CASE("DeepSeek has dense layers and MoE layers") {
  const StepOperators step = decode_operators(test::deepseek_v2_lite(), 2);
  REQUIRE(step.layers.size() == 2);
  CHECK(step.layers[0].count == 1);
  CHECK(step.layers[1].count == 26);
  const Operator& up = find(step.layers[1].operators, "experts_gate_up");
  CHECK(up.gemm.groups == 12);  // 11.4 distinct experts for two tokens
  CHECK(up.gemm.m == 1);
  CHECK(up.flops.count() == 2LL * 2 * 6 * 2816 * 2048);
  CHECK(find(step.layers[1].operators, "shared_down_proj").gemm.k == 2816);
}

TEST_CASE("precision scales weights, activations and cache apart") {
  const ModelShape s = test::llama31_8b();
  const Precision fp8{.weight = 1_B, .activation = 2_B, .kv = 1_B};
  CHECK(total(decode_operators(s, 1, fp8)).weight_bytes == weights_read_per_step(s, 1, 1_B));
  CHECK(total(decode_operators(s, 1, fp8)).flops == total(decode_operators(s, 1)).flops);
}

TEST_CASE("a prefill chunk that ends no prompt has no head and no sampling") {
  const ModelShape s = test::llama31_8b();
  const StepOperators chunk = prefill_operators(s, 512, published_precision(s), 0);
  for (const Operator& op : chunk.once) {
    CHECK(op.name != "lm_head");
    CHECK(op.kind != OperatorKind::sampling);
  }
  CHECK(find(prefill_operators(s, 512).once, "lm_head").gemm.m == 1);
}

TEST_CASE("every operator has a name, a kind that prints, and launches unless it is attention") {
  for (const ModelShape& s : test::all_shapes()) {
    const StepOperators step = decode_operators(s, 1);
    for (const LayerGroup& g : step.layers) {
      for (const Operator& op : g.operators) {
        CAPTURE(s.name, op.name);
        CHECK_FALSE(op.name.empty());
        CHECK(to_string(op.kind) != "?");
        CHECK((op.launches > 0) == (op.kind != OperatorKind::attention));
      }
    }
  }
}
