#include <cmath>

#include "validation/measure/decode_kernels.cuh"
#include "validation/measure/decoder.cuh"

namespace fieldsim::measure {

namespace {

constexpr std::size_t kBlasWorkspace = std::size_t{32} << 20;

DeviceBuffer elements(std::int64_t count) {
  return DeviceBuffer(2 * static_cast<std::size_t>(count));
}

Point attention_point(const DecoderShape& s) {
  Point p;
  p.heads = Heads{s.heads, s.kv_heads, s.head_dim};
  p.context = s.context;
  p.anchors = s.anchors;
  p.page = s.page;
  return p;
}

}  // namespace

Decoder::Decoder(const DecoderShape& shape, const kernels::DeviceInfo& info, Cublas& blas,
                 const Stream& stream)
    : shape_(shape),
      blas_(blas),
      weights_(static_cast<std::size_t>(shape.layers * shape.layer_weight_bytes())),
      head_(static_cast<std::size_t>(shape.head_bytes())),
      anchors_(static_cast<std::size_t>(shape.layers * shape.layer_anchor_bytes())),
      blas_workspace_(kBlasWorkspace),
      x_(4 * static_cast<std::size_t>(shape.width())),
      normed_(elements(shape.width())),
      qkv_(elements(shape.qkv_rows())),
      attended_(elements(shape.width())),
      projected_(elements(shape.width())),
      gate_up_(elements(2 * shape.ff)),
      activated_(elements(shape.ff)),
      logits_(elements(shape.vocab)),
      token_(16) {
  if (const std::string refused = make_case(attention_point(shape), info, 51, &case_);
      !refused.empty())
    throw CudaFailure("decode: " + refused);
  attention_ = std::make_unique<AttentionLauncher>(case_, stream);
  cache_ = DeviceBuffer(2 * case_.pool_bytes() * static_cast<std::size_t>(shape.layers));
  table_ = DeviceBuffer(4 * case_.table.size());
  FIELDSIM_CUDA(cudaMemcpy(table_.as<>(), case_.table.data(), 4 * case_.table.size(),
                           cudaMemcpyHostToDevice));
  const std::int64_t last = shape.context - 1;
  last_slot_ = case_.table[static_cast<std::size_t>(last / shape.page)] * case_.page_elements() +
               last % shape.page * shape.kv_width();
  // Weights of a size that keeps every product's output near one.
  fill_random_scaled(weights_.as<>(), weights_.bytes(),
                     0.8F / std::sqrt(static_cast<float>(shape.width())), 52, stream.get());
  fill_random_scaled(head_.as<>(), head_.bytes(),
                     0.8F / std::sqrt(static_cast<float>(shape.width())), 53, stream.get());
  fill_random(cache_.as<>(), cache_.bytes(), 54, stream.get());
  fill_random(anchors_.as<>(), anchors_.bytes(), 55, stream.get());
  FIELDSIM_CUDA(cudaMemsetAsync(token_.as<>(), 0, 16, stream.get()));
  if (blas_.loaded()) blas_.set_workspace(blas_workspace_.as<>(), kBlasWorkspace);
  FIELDSIM_CUDA(cudaDeviceSynchronize());  // the default stream's copy as well
}

void Decoder::linear(const std::uint16_t* weights, const std::uint16_t* x, std::uint16_t* y,
                     int out, int in, cudaStream_t stream) const {
  if (blas_.loaded())
    blas_.gemm_bf16(1, out, in, x, weights, y, stream);
  else
    matrix_vector(weights, x, y, out, in, stream);
}

void Decoder::enqueue_token(cudaStream_t stream) const {
  const int width = shape_.width(), kv_width = shape_.kv_width(), ff = shape_.ff;
  auto* const x = x_.as<float>();
  auto* const normed = normed_.as<std::uint16_t>();
  auto* const qkv = qkv_.as<std::uint16_t>();
  auto* const attended = attended_.as<std::uint16_t>();
  auto* const projected = projected_.as<std::uint16_t>();
  embed(head_.as<std::uint16_t>(), token(), x, width, stream);
  const std::int64_t w = width, o_at = w * shape_.qkv_rows(), gate_at = o_at + w * w,
                     down_at = gate_at + 2 * w * ff;
  for (int layer = 0; layer < shape_.layers; ++layer) {
    const auto l = static_cast<std::size_t>(layer);
    auto* const k = cache_.as<std::uint16_t>(2 * l * case_.pool_bytes());
    auto* const v = cache_.as<std::uint16_t>((2 * l + 1) * case_.pool_bytes());
    rms_norm(x, normed, width, stream);
    linear(weights(layer, 0), normed, qkv, shape_.qkv_rows(), width, stream);
    append_kv(qkv, width, kv_width, k, v, last_slot_, stream);
    CaseBuffers b;
    b.q = qkv;
    b.k = k;
    b.v = v;
    b.anchor_k = anchors_.as<>(l * static_cast<std::size_t>(shape_.layer_anchor_bytes()));
    b.anchor_v = anchors_.as<>(l * static_cast<std::size_t>(shape_.layer_anchor_bytes()) +
                               case_.anchor_bytes());
    b.table = table_.as<std::int32_t>();
    b.out = attended;
    attention_->launch(args_of(case_, b), stream);
    linear(weights(layer, o_at), attended, projected, width, width, stream);
    add_residual(x, projected, width, stream);
    rms_norm(x, normed, width, stream);
    linear(weights(layer, gate_at), normed, gate_up_.as<std::uint16_t>(), 2 * ff, width, stream);
    silu_mul(gate_up_.as<std::uint16_t>(), activated_.as<std::uint16_t>(), ff, stream);
    linear(weights(layer, down_at), activated_.as<std::uint16_t>(), projected, width, ff, stream);
    add_residual(x, projected, width, stream);
  }
  rms_norm(x, normed, width, stream);
  linear(head_.as<std::uint16_t>(static_cast<std::size_t>(shape_.head_bytes() / 2)), normed,
         logits_.as<std::uint16_t>(), shape_.vocab, width, stream);
  argmax(logits_.as<std::uint16_t>(), shape_.vocab, token_.as<std::int32_t>(), stream);
}

bool Decoder::finite(const Stream& stream) const {
  return count_not_finite(logits_.as<>(), static_cast<std::size_t>(shape_.vocab), false, stream) ==
         0;
}

}  // namespace fieldsim::measure
