// Published counts: Hugging Face model pages (safetensors metadata).
#include <catch2/catch.hpp>

#include "sim/model/parameters.hpp"
#include "tests/unit/model/shapes.hpp"

using namespace fieldsim;
using namespace fieldsim::model;
using namespace fieldsim::literals;

TEST_CASE("parameter counts equal the published ones") {
  CHECK(parameters(test::llama2_7b()) == 6'738'415'616);
  CHECK(parameters(test::llama2_13b()) == 13'015'864'320);
  CHECK(parameters(test::llama2_70b()) == 68'976'648'192);
  CHECK(parameters(test::llama31_8b()) == 8'030'261'248);
  CHECK(parameters(test::llama31_70b()) == 70'553'706'496);
  CHECK(parameters(test::llama31_405b()) == 405'853'388'800);
  CHECK(parameters(test::mistral_7b()) == 7'241'732'096);
  CHECK(parameters(test::qwen25_72b()) == 72'706'203'648);
  CHECK(parameters(test::deepseek_v2_lite()) == 15'706'484'224);
  CHECK(parameters(test::mixtral_8x7b()) == 46'702'792'704);
  // Published as 671B (README_WEIGHTS.md, main model); the digits are this library's own.
  CHECK(parameters(test::deepseek_v3()) == 671'026'419'200);
}

TEST_CASE("a tied head is counted once") {
  ModelShape s = test::llama31_8b();
  const std::int64_t untied = parameters(s);
  s.tie_word_embeddings = true;
  CHECK(untied - parameters(s) == 128256 * 4096);
  CHECK(active_parameters(s) == untied - 128256 * 4096);
}

TEST_CASE("biases and norms of other families are counted") {
  ModelShape s = test::llama31_8b();
  const std::int64_t plain = parameters(s);
  s.attention_bias = true;
  CHECK(parameters(s) - plain == 32 * (4096 + 2 * 1024 + 4096));
  s.attention_bias = false;
  s.mlp_bias = true;
  CHECK(parameters(s) - plain == 32 * (2 * 14336 + 4096));
  s.mlp_bias = false;
  s.model_type = "qwen3";
  CHECK(parameters(completed(s)) - plain == 32 * 2 * 128);
}

TEST_CASE("active parameters: 2.4B of DeepSeek-V2-Lite, 12.9B of Mixtral, 37B of DeepSeek-V3") {
  // DeepSeek-V2-Lite's card says 2.4B without, DeepSeek-V3's README 36.7B with embedding and head.
  CHECK(static_cast<double>(active_parameters(test::deepseek_v2_lite())) ==
        Approx(2.4e9).epsilon(0.04));
  const ModelShape mixtral = test::mixtral_8x7b();
  CHECK(static_cast<double>(active_parameters(mixtral) + 32000 * 4096) ==
        Approx(12.9e9).epsilon(0.01));
  CHECK(static_cast<double>(active_parameters(test::deepseek_v3())) ==
        Approx(36.7e9).epsilon(0.01));
  const ModelShape dense = test::llama2_13b();
  CHECK(active_parameters(dense) == parameters(dense) - 32000 * 5120);
}

TEST_CASE("KV bytes of one token") {
  CHECK(kv_bytes_per_token(test::llama2_13b(), 2_B) == 819'200_B);
  CHECK(kv_bytes_per_token(test::llama31_8b(), 2_B) == 131'072_B);
  CHECK(kv_bytes_per_token(test::llama31_8b(), 1_B) == 65'536_B);
  CHECK(kv_bytes_per_token(test::llama31_70b(), 2_B) == 327'680_B);
  CHECK(kv_bytes_per_token(test::deepseek_v2_lite(), 2_B) == 31'104_B);  // 27 * (512 + 64) * 2
  CHECK(kv_bytes_per_token(test::llama2_13b(), 2_B) * 64'000 == 52'428'800'000_B);
}

TEST_CASE("weights read by a decode step: all but the embedding table, one row a token") {
  const ModelShape s = test::llama2_13b();
  CHECK(weight_bytes(s, 2_B) == 26'031'728'640_B);
  CHECK(weights_read_per_step(s, 1, 2_B) == 25'704'048'640_B + 10'240_B);
  CHECK(weights_read_per_step(s, 64, 2_B) == 25'704'048'640_B + 64 * 10'240_B);
}

TEST_CASE("experts touched by a batch: k for one token, nearly all for many, never more") {
  const ModelShape s = test::deepseek_v2_lite();
  CHECK(expected_experts(s, 1) == Approx(6.0));
  CHECK(expected_experts(s, 2) == Approx(6.0 + 6.0 * (1 - 6.0 / 64)));
  CHECK(expected_experts(s, 100'000) == Approx(64.0));
  double last = 0;
  for (std::int64_t tokens = 1; tokens <= 4096; tokens *= 2) {
    const double now = expected_experts(s, tokens);
    CHECK(now >= last);
    CHECK(now <= 64.0);
    last = now;
  }
  CHECK(expected_experts(test::llama2_13b(), 8) == 0.0);
}

TEST_CASE("an MoE step reads the active weights for one token and all of them for many") {
  const ModelShape s = test::deepseek_v2_lite();
  const Bytes row = 2_B * s.hidden_size;
  CHECK(weights_read_per_step(s, 1, 2_B) == 2_B * active_parameters(s) + row);
  const Bytes all = weight_bytes(s, 2_B) - 2_B * (s.vocab_size * s.hidden_size);
  CHECK(weights_read_per_step(s, 1000, 2_B) - row * 1000 <= all);
  CHECK(weights_read_per_step(s, 1000, 2_B) - row * 1000 > scaled(all, 0.9999));
}
