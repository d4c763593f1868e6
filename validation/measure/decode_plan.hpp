#pragma once
// The synthetic decoder's shape and what of it fits into the device's memory.
#include <cstdint>
#include <string>

namespace fieldsim::measure {

// Llama-2-13B: 40 layers, 40 heads of 128 without grouping, feed-forward 13,824, 32,000 words.
struct DecoderShape {
  int layers = 40, heads = 40, kv_heads = 40, head_dim = 128;
  int ff = 13824, vocab = 32000;
  int context = 65536, anchors = 256, page = 16;

  int width() const { return heads * head_dim; }
  int kv_width() const { return kv_heads * head_dim; }
  int qkv_rows() const { return width() + 2 * kv_width(); }
  // Bytes at 16 bits an element.
  std::int64_t layer_weight_bytes() const;
  std::int64_t layer_kv_bytes() const;
  std::int64_t layer_anchor_bytes() const;
  std::int64_t head_bytes() const;  // embedding and output head
  std::int64_t total_bytes() const;
  std::int64_t bytes_read_per_token() const;  // every weight, the cache and the anchors once
};

struct DecodePlan {
  DecoderShape shape;
  bool fits = false;
  bool reduced = false;
  std::string note;  // what was cut and why; empty when nothing was
};

// Cuts layers first (time per token then scales), and the context only when a single layer does not
// fit. Nothing fits: `fits` is false and `note` says how much is missing.
DecodePlan plan_decode(const DecoderShape& wanted, std::int64_t usable_bytes);

// One configuration of the experiment.
struct DecodeRun {
  enum class Timing : std::uint8_t { none, pessimistic, optimistic } timing;
  int every = 1;  // tokens a commit boundary
};
const char* timing_name(DecodeRun::Timing timing);

}  // namespace fieldsim::measure
