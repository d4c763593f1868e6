#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;

config::Schema<ModelFile> model_file_schema() {
  using P = ModelFile;
  Schema<PublishedModel> published("published", "What the model's publishers say, for the tests");
  published.field("parameters", &PublishedModel::parameters, "parameters, all of them").at_least(1);
  Schema<P> s("model", "A model: its Hugging Face config.json, and where that is from");
  s.field("name", &P::name, "its name in configs/models")
      .field("description", &P::description, "what the model is")
      .file("hf_config", &P::hf_config, "a config.json as Hugging Face publishes it")
      .required()
      .field("source", &P::source, "where that file is published")
      .section("published", &P::published, published, "published counts");
  return s;
}

config::Schema<model::ModelShape> model_shape_schema() {
  using P = model::ModelShape;
  Schema<P> s("config", "Hugging Face config.json");
  s.field("model_type", &P::model_type, "family of the architecture")
      .required()
      .field("torch_dtype", &P::torch_dtype, "type of the published weights")
      .field("hidden_size", &P::hidden_size, "width")
      .required()
      .at_least(1)
      .field("num_hidden_layers", &P::num_hidden_layers, "layers")
      .required()
      .at_least(1)
      .field("num_attention_heads", &P::num_attention_heads, "query heads")
      .required()
      .at_least(1)
      .field("num_key_value_heads", &P::num_key_value_heads, "KV heads")
      .at_least(0)
      .field("head_dim", &P::head_dim, "elements of a head")
      .at_least(0)
      .field("intermediate_size", &P::intermediate_size, "width of a dense MLP")
      .at_least(0)
      .field("vocab_size", &P::vocab_size, "rows of the embedding table")
      .required()
      .at_least(1)
      .field("max_position_embeddings", &P::max_position_embeddings, "longest context")
      .at_least(0)
      .field("sliding_window", &P::sliding_window, "tokens a query sees, 0 for all")
      .at_least(0)
      .field("use_sliding_window", &P::use_sliding_window, "whether the window is in use")
      .field("rope_theta", &P::rope_theta, "base of the rotary embedding")
      .field("tie_word_embeddings", &P::tie_word_embeddings, "output head is the embedding table")
      .field("attention_bias", &P::attention_bias, "biases on the attention projections")
      .field("mlp_bias", &P::mlp_bias, "biases on the MLP projections")
      .field("kv_lora_rank", &P::kv_lora_rank, "MLA: rank of the KV latent")
      .at_least(0)
      .field("q_lora_rank", &P::q_lora_rank, "MLA: rank of the query latent")
      .at_least(0)
      .field("qk_nope_head_dim", &P::qk_nope_head_dim, "MLA: head elements without position")
      .field("qk_rope_head_dim", &P::qk_rope_head_dim, "MLA: head elements with position")
      .field("v_head_dim", &P::v_head_dim, "MLA: elements of a value head")
      .field("n_routed_experts", &P::n_routed_experts, "MoE: routed experts of a layer")
      .field("num_local_experts", &P::num_local_experts, "MoE: the same, Mixtral")
      .field("num_experts", &P::num_experts, "MoE: the same, Qwen")
      .field("n_shared_experts", &P::n_shared_experts, "MoE: experts every token uses")
      .field("num_experts_per_tok", &P::num_experts_per_tok, "MoE: routed experts of a token")
      .field("moe_intermediate_size", &P::moe_intermediate_size, "MoE: width of an expert")
      .field("first_k_dense_replace", &P::first_k_dense_replace, "MoE: dense layers at the start")
      .field("moe_layer_freq", &P::moe_layer_freq, "MoE: every so manyth layer")
      .field("topk_method", &P::topk_method, "MoE: how experts are chosen");
  return s;
}

}  // namespace fieldsim::system
