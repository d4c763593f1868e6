#pragma once
// The shapes of configs/models as literals, so that these tests need no reader. A test of
// sim/config checks that the files say the same.
#include "sim/model/shape.hpp"

namespace fieldsim::model::test {

inline ModelShape llama(const char* name, std::int64_t hidden, std::int64_t layers,
                        std::int64_t heads, std::int64_t kv_heads, std::int64_t ff,
                        std::int64_t vocab, std::int64_t positions) {
  ModelShape s;
  s.name = name;
  s.model_type = "llama";
  s.hidden_size = hidden;
  s.num_hidden_layers = layers;
  s.num_attention_heads = heads;
  s.num_key_value_heads = kv_heads;
  s.intermediate_size = ff;
  s.vocab_size = vocab;
  s.max_position_embeddings = positions;
  return completed(s);
}

inline ModelShape llama2_7b() { return llama("llama-2-7b", 4096, 32, 32, 32, 11008, 32000, 4096); }
inline ModelShape llama2_13b() {
  return llama("llama-2-13b", 5120, 40, 40, 40, 13824, 32000, 4096);
}
inline ModelShape llama2_70b() { return llama("llama-2-70b", 8192, 80, 64, 8, 28672, 32000, 4096); }
inline ModelShape llama31_8b() {
  return llama("llama-3.1-8b", 4096, 32, 32, 8, 14336, 128256, 131072);
}
inline ModelShape llama31_70b() {
  return llama("llama-3.1-70b", 8192, 80, 64, 8, 28672, 128256, 131072);
}
inline ModelShape llama31_405b() {
  return llama("llama-3.1-405b", 16384, 126, 128, 8, 53248, 128256, 131072);
}

inline ModelShape mistral_7b() {
  ModelShape s = llama("mistral-7b", 4096, 32, 32, 8, 14336, 32000, 32768);
  s.model_type = "mistral";
  s.sliding_window = 4096;
  return completed(s);
}

inline ModelShape qwen25_72b() {
  ModelShape s = llama("qwen2.5-72b", 8192, 80, 64, 8, 29568, 152064, 131072);
  s.model_type = "qwen2";
  s.use_sliding_window = false;
  s.torch_dtype = "bfloat16";
  return completed(s);
}

inline ModelShape deepseek_v2_lite() {
  ModelShape s = llama("deepseek-v2-lite", 2048, 27, 16, 16, 10944, 102400, 163840);
  s.model_type = "deepseek_v2";
  s.torch_dtype = "bfloat16";
  s.kv_lora_rank = 512;
  s.qk_nope_head_dim = 128;
  s.qk_rope_head_dim = 64;
  s.v_head_dim = 128;
  s.n_routed_experts = 64;
  s.n_shared_experts = 2;
  s.num_experts_per_tok = 6;
  s.moe_intermediate_size = 1408;
  s.first_k_dense_replace = 1;
  return completed(s);
}

inline ModelShape deepseek_v3() {
  ModelShape s = llama("deepseek-v3", 7168, 61, 128, 128, 18432, 129280, 163840);
  s.model_type = "deepseek_v3";
  s.torch_dtype = "bfloat16";
  s.kv_lora_rank = 512;
  s.q_lora_rank = 1536;
  s.qk_nope_head_dim = 128;
  s.qk_rope_head_dim = 64;
  s.v_head_dim = 128;
  s.n_routed_experts = 256;
  s.n_shared_experts = 1;
  s.num_experts_per_tok = 8;
  s.moe_intermediate_size = 2048;
  s.first_k_dense_replace = 3;
  s.topk_method = "noaux_tc";
  return completed(s);
}

inline ModelShape mixtral_8x7b() {
  ModelShape s = llama("mixtral-8x7b", 4096, 32, 32, 8, 14336, 32000, 32768);
  s.model_type = "mixtral";
  s.num_local_experts = 8;
  s.num_experts_per_tok = 2;
  return completed(s);
}

inline std::vector<ModelShape> all_shapes() {
  return {llama2_7b(),        llama2_13b(),   llama2_70b(),  llama31_8b(),
          llama31_70b(),      llama31_405b(), mistral_7b(),  qwen25_72b(),
          deepseek_v2_lite(), deepseek_v3(),  mixtral_8x7b()};
}

}  // namespace fieldsim::model::test
