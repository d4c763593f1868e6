#pragma once
// A decode step put together from predicted operators, against public figures of whole servers.
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "sim/system/calibrate/predict.hpp"
#include "tests/unit/fidelity/gpus.hpp"

namespace fieldsim::gates {

// Llama-3.1-8B (config.json of the model): 32 layers, hidden 4096, 32/8 heads of 128, MLP 14336,
// vocabulary 128256; 16-bit weights and KV, one GPU. us per step; nothing is in L2 at a layer's
// start.
struct StepParts {
  double attention = 0, products = 0, head = 0;
  double total() const { return attention + products + head; }
};

inline StepParts llama_8b_step(const hardware::GpuParams& gpu, const hardware::tile::TileParams& p,
                               std::int64_t batch, std::int64_t context) {
  const auto shape = hardware::tile::shape_of(gpu);
  constexpr double kLayers = 32;
  constexpr std::int64_t kHidden = 4096, kQkv = 6144, kMlp = 14336, kVocabulary = 128256;
  const auto product = [&](std::int64_t n, std::int64_t k) {
    return attention::tile::gemm_time({batch, n, k, 1, true}, shape, p.gemm).total;
  };
  attention::tile::AttentionCall call;
  call.batch = batch, call.query_heads = 32, call.kv_heads = 8, call.context = context;
  call.cold = true;
  const auto plan = attention::tile::plan(call, shape, attention::tile::library_of(shape.family));
  StepParts s;
  s.attention = kLayers * attention::tile::attention_time(plan, call, shape, p.decode).total();
  s.products = kLayers * (product(kQkv, kHidden) + product(kHidden, kHidden) +
                          product(2 * kMlp, kHidden) + product(kHidden, kMlp));
  s.head = product(kVocabulary, kHidden);
  return s;
}

struct PublicFigure {
  std::string part, source;
  std::int64_t batch, context;
  double dram_gbps;  // of the machine that was measured
  double tpot_ms;
};

inline nlohmann::ordered_json end_to_end(
    const std::map<std::string, hardware::tile::TileParams>& fitted) {
  const PublicFigure figures[] = {
      {"h100-sxm",
       "yobitelcomm.github.io/bench concurrency sweep: H100 80GB HBM3, vLLM 0.21.0, fp16, "
       "chatbot-short, concurrency 1, TPOT p50",
       1, 256, 3350, 6.48},
      {"h100-sxm", "the same, concurrency 4", 4, 256, 3350, 6.59},
      {"a100-sxm-80gb",
       "johnmusgrave.com vLLM throughput-latency sweep: A100 40 GB (1555 GB/s), vLLM "
       "0.23.0, bf16, 1024 in, 128 out, concurrency 1: about 75 tokens/s",
       1, 1088, 1555, 13.3},
  };
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const PublicFigure& f : figures) {
    auto gpu = f.part == "h100-sxm" ? fidelity_test::h100() : fidelity_test::a100();
    gpu.hbm.bandwidth = BytesPerSecond::raw(static_cast<std::int64_t>(f.dram_gbps * 1e9));
    const auto at = fitted.find(f.part);
    const auto params = at != fitted.end()
                            ? at->second
                            : hardware::tile::default_params(hardware::tile::shape_of(gpu));
    const StepParts s = llama_8b_step(gpu, params, f.batch, f.context);
    out.push_back({{"part", f.part},
                   {"source", f.source},
                   {"batch", f.batch},
                   {"context", f.context},
                   {"measured_ms", f.tpot_ms},
                   {"operators_ms", s.total() * 1e-3},
                   {"attention_ms", s.attention * 1e-3},
                   {"products_ms", s.products * 1e-3},
                   {"head_ms", s.head * 1e-3}});
  }
  return out;
}

}  // namespace fieldsim::gates
