#include <catch2/catch.hpp>

#include "sim/model/shape.hpp"
#include "tests/unit/model/shapes.hpp"

using namespace fieldsim;
using namespace fieldsim::model;

namespace {

bool names(const std::vector<Problem>& problems, const std::string& path) {
  for (const Problem& p : problems) {
    if (p.path == path) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("shipped shapes are valid and completing them twice changes nothing") {
  for (const ModelShape& s : test::all_shapes()) {
    CAPTURE(s.name);
    CHECK(validate(s).empty());
    const ModelShape again = completed(s);
    CHECK(again.head_dim == s.head_dim);
    CHECK(again.num_key_value_heads == s.num_key_value_heads);
    CHECK(again.n_routed_experts == s.n_routed_experts);
    CHECK(again.moe_intermediate_size == s.moe_intermediate_size);
  }
}

TEST_CASE("absent counts take the defaults of transformers") {
  ModelShape s = test::llama2_7b();
  s.num_key_value_heads = 0;
  s.head_dim = 0;
  s = completed(s);
  CHECK(s.num_key_value_heads == 32);
  CHECK(s.head_dim == 128);
  CHECK(test::mixtral_8x7b().n_routed_experts == 8);
  CHECK(test::mixtral_8x7b().moe_intermediate_size == 14336);
  CHECK(test::qwen25_72b().qkv_bias);
  CHECK_FALSE(test::llama2_7b().qkv_bias);
}

TEST_CASE("a published head_dim is kept even when heads * head_dim is not hidden_size") {
  ModelShape s = test::llama2_7b();
  s.model_type = "qwen3";
  s.head_dim = 160;
  s = completed(s);
  CHECK(s.head_dim == 160);
  CHECK(s.qk_norm);
  CHECK(validate(s).empty());
}

TEST_CASE("attention kind follows from the head counts and the latent rank") {
  CHECK(attention_kind(test::llama2_13b()) == AttentionKind::mha);
  CHECK(attention_kind(test::llama31_8b()) == AttentionKind::gqa);
  CHECK(attention_kind(test::deepseek_v2_lite()) == AttentionKind::mla);
  ModelShape mqa = test::llama31_8b();
  mqa.num_key_value_heads = 1;
  CHECK(attention_kind(mqa) == AttentionKind::mqa);
  CHECK(to_string(AttentionKind::mla) == "mla");
}

TEST_CASE("MLA is MQA over the latent in decode and MHA in prefill") {
  const ModelShape s = test::deepseek_v2_lite();
  const AttentionGeometry d = decode_geometry(s);
  CHECK(d.query_heads == 16);
  CHECK(d.kv_heads == 1);
  CHECK(d.key_dim == 576);
  CHECK(d.value_dim == 512);
  CHECK(d.cached_elements() == 576);
  const AttentionGeometry p = prefill_geometry(s);
  CHECK(p.kv_heads == 16);
  CHECK(p.key_dim == 192);
  CHECK(p.value_dim == 128);
  CHECK(decode_geometry(test::llama31_8b()).cached_elements() == 2 * 8 * 128);
}

TEST_CASE("the first layers of DeepSeek are dense, all of Mixtral's are not") {
  CHECK(moe_layers(test::deepseek_v2_lite()) == 26);
  CHECK_FALSE(is_moe_layer(test::deepseek_v2_lite(), 0));
  CHECK(is_moe_layer(test::deepseek_v2_lite(), 1));
  CHECK(dense_layers(test::deepseek_v3()) == 3);
  CHECK(moe_layers(test::mixtral_8x7b()) == 32);
  CHECK(moe_layers(test::llama2_13b()) == 0);
}

TEST_CASE("counting MoE layers agrees with asking each layer") {
  ModelShape s = test::deepseek_v2_lite();
  for (std::int64_t first : {0, 1, 2, 3, 7, 27}) {
    for (std::int64_t every : {1, 2, 3, 5}) {
      s.first_k_dense_replace = first;
      s.moe_layer_freq = every;
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < s.num_hidden_layers; ++i) count += is_moe_layer(s, i);
      CAPTURE(first, every);
      CHECK(moe_layers(s) == count);
    }
  }
}

TEST_CASE("a sliding window caps what a query attends to") {
  CHECK(attended_tokens(test::mistral_7b(), 1000) == 1000);
  CHECK(attended_tokens(test::mistral_7b(), 64000) == 4096);
  CHECK(attended_tokens(test::llama2_13b(), 64000) == 64000);
  ModelShape qwen = test::qwen25_72b();
  qwen.sliding_window = 131072;  // as Qwen2.5-72B-Instruct publishes it, turned off
  CHECK(attended_tokens(completed(qwen), 200000) == 200000);
}

TEST_CASE("dtype names give element sizes") {
  CHECK(dtype_bytes("bfloat16").count() == 2);
  CHECK(dtype_bytes("float32").count() == 4);
  CHECK(dtype_bytes("float8_e4m3fn").count() == 1);
  CHECK(dtype_bytes("half").count() == 0);
  CHECK(published_precision(test::llama2_13b()).kv.count() == 2);
}

TEST_CASE("validate names every wrong key at once") {
  ModelShape s = test::llama31_8b();
  s.model_type = "lama";
  s.num_key_value_heads = 5;
  s.vocab_size = 0;
  s.torch_dtype = "half";
  const auto problems = validate(s);
  CHECK(problems.size() == 4);
  CHECK(names(problems, "model_type"));
  CHECK(names(problems, "num_key_value_heads"));
  CHECK(names(problems, "vocab_size"));
  CHECK(names(problems, "torch_dtype"));
  CHECK(problems.front().nearest == "llama");
}

TEST_CASE("validate checks the fields of MLA and MoE only where they apply") {
  ModelShape s = test::deepseek_v2_lite();
  s.v_head_dim = 0;
  s.num_experts_per_tok = 65;
  s.first_k_dense_replace = 28;
  const auto problems = validate(s);
  CHECK(names(problems, "v_head_dim"));
  CHECK(names(problems, "num_experts_per_tok"));
  CHECK(names(problems, "first_k_dense_replace"));
  ModelShape mixtral = test::mixtral_8x7b();
  mixtral.moe_intermediate_size = 0;
  CHECK(names(validate(mixtral), "moe_intermediate_size"));
}

TEST_CASE("validate refuses heads that cut the hidden vector unevenly") {
  ModelShape s = test::llama2_13b();
  s.num_attention_heads = s.num_key_value_heads = 48;
  s.head_dim = 0;
  CHECK(names(validate(completed(s)), "num_attention_heads"));
  s.head_dim = 128;  // stated: 48 * 128 need not be 5120
  CHECK(validate(completed(s)).empty());
}

TEST_CASE("validate refuses counts whose products would overflow") {
  ModelShape s = test::llama2_13b();
  s.hidden_size = 2'000'000'000'000;
  CHECK(names(validate(s), "hidden_size"));
  s.hidden_size = 1'000'000'000;
  s.intermediate_size = 1'000'000'000;
  CHECK(names(validate(s), ""));
}
