#pragma once
// A synthetic decoder of the 13B shape at batch 1 and a fixed context: real matrix-vector products,
// our fused attention over paged KV and anchors, random weights. The cache stays at its length: the
// new token's K and V overwrite the last slot, so that every token costs the same.
#include <memory>

#include "validation/measure/attention_gpu.cuh"
#include "validation/measure/cublas.hpp"
#include "validation/measure/decode_plan.hpp"
#include "validation/measure/device.cuh"

namespace fieldsim::measure {

class Decoder {
 public:
  Decoder(const DecoderShape& shape, const kernels::DeviceInfo& info, Cublas& blas,
          const Stream& stream);

  void enqueue_token(
      cudaStream_t stream) const;  // all layers, the head and the next token's choice
  const std::int32_t* token() const { return token_.as<std::int32_t>(); }
  // K and V of all layers' anchors, one array: what is verified.
  const std::uint16_t* anchors() const { return anchors_.as<std::uint16_t>(); }
  std::int64_t anchor_elements() const { return shape_.layers * shape_.layer_anchor_bytes() / 2; }
  bool finite(const Stream& stream) const;  // the last token's logits

 private:
  void linear(const std::uint16_t* weights, const std::uint16_t* x, std::uint16_t* y, int out,
              int in, cudaStream_t stream) const;
  const std::uint16_t* weights(int layer, std::int64_t element) const {
    return weights_.as<std::uint16_t>() + layer * (shape_.layer_weight_bytes() / 2) + element;
  }
  DecoderShape shape_;
  Cublas& blas_;
  AttentionCase case_;
  std::unique_ptr<AttentionLauncher> attention_;
  std::int64_t last_slot_ = 0;  // element of the last token's row in the pools
  DeviceBuffer weights_, head_, cache_, anchors_, table_, blas_workspace_;
  DeviceBuffer x_, normed_, qkv_, attended_, projected_, gate_up_, activated_, logits_, token_;
};

}  // namespace fieldsim::measure
