#include "validation/measure/decode_plan.hpp"

#include <algorithm>

namespace fieldsim::measure {

namespace {
constexpr std::int64_t kElement = 2;  // bytes, BF16
}

std::int64_t DecoderShape::layer_weight_bytes() const {
  const std::int64_t w = width();
  return kElement * w * (qkv_rows() + w + std::int64_t{3} * ff);
}
std::int64_t DecoderShape::layer_kv_bytes() const { return kElement * 2 * kv_width() * context; }
std::int64_t DecoderShape::layer_anchor_bytes() const {
  return kElement * 2 * kv_width() * anchors;
}
std::int64_t DecoderShape::head_bytes() const { return kElement * 2 * vocab * width(); }
std::int64_t DecoderShape::total_bytes() const {
  return layers * (layer_weight_bytes() + layer_kv_bytes() + layer_anchor_bytes()) + head_bytes();
}
std::int64_t DecoderShape::bytes_read_per_token() const {
  return total_bytes() - head_bytes() / 2;  // of the embedding, one row
}

DecodePlan plan_decode(const DecoderShape& wanted, std::int64_t usable_bytes) {
  DecodePlan plan;
  plan.shape = wanted;
  DecoderShape& s = plan.shape;
  const auto per_layer = [&] {
    return s.layer_weight_bytes() + s.layer_kv_bytes() + s.layer_anchor_bytes();
  };
  const std::int64_t for_layers = usable_bytes - s.head_bytes();
  while (for_layers < per_layer() && s.context > 1024) s.context /= 2;
  const std::int64_t layers = for_layers / per_layer();
  if (for_layers < per_layer()) {
    plan.note = "one layer needs " + std::to_string(per_layer() + s.head_bytes()) +
                " bytes, usable are " + std::to_string(usable_bytes);
    return plan;
  }
  plan.fits = true;
  s.layers = static_cast<int>(std::min<std::int64_t>(layers, wanted.layers));
  plan.reduced = s.layers != wanted.layers || s.context != wanted.context;
  if (plan.reduced)
    plan.note = "memory allows " + std::to_string(s.layers) + " of " +
                std::to_string(wanted.layers) + " layers at " + std::to_string(s.context) + " of " +
                std::to_string(wanted.context) + " tokens";
  return plan;
}

const char* timing_name(DecodeRun::Timing timing) {
  switch (timing) {
    case DecodeRun::Timing::none:
      return "none";
    case DecodeRun::Timing::pessimistic:
      return "pessimistic";
    case DecodeRun::Timing::optimistic:
      return "optimistic";
  }
  return "?";
}

}  // namespace fieldsim::measure
