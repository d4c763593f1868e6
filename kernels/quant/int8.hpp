#pragma once
// Deterministic INT8 quantiser of FP16 or BF16 tensors with static FP32 scales. Codes are
// canonical: two machines that hold the same bits get the same bytes, so that the codes can be
// hashed.
#include <cstdint>

#include "kernels/quant/element.hpp"
#include "kernels/quant/outcome.hpp"

namespace fieldsim::integrity {

// Element i uses scale[(i / inner) % count]: per tensor with count 1, per channel of a tensor
// [..., channels, inner] with count = channels.
struct Scales {
  const float* values = nullptr;
  std::int64_t count = 1;
  std::int64_t inner = 1;
};

inline constexpr std::uint64_t kNoNan = ~std::uint64_t{0};

// Bad scales and impossible shapes; `scales_host` must point to host memory.
Outcome check_scales(const Scales& scales_host);

// Plain reference: x [length] 16-bit patterns, codes [length]. A NaN gives nan_input with its index
// and leaves the codes unspecified.
Outcome quantize_int8_reference(Float16 type, const std::uint16_t* x, std::int64_t length,
                                const Scales& scales, std::int8_t* codes);

// What the device side gets. Pointers are device pointers except where said.
struct QuantArgs {
  Float16 type = Float16::bf16;
  const std::uint16_t* x = nullptr;  // [length], 16-byte aligned
  std::int64_t length = 0;
  Scales scales;                       // device copy of scales that check_scales accepted
  std::int8_t* codes = nullptr;        // [length], 8-byte aligned
  std::uint64_t* first_nan = nullptr;  // one word, 8-byte aligned; kNoNan before the launch
};
Outcome check(const QuantArgs& args);

// One launch on `stream` (a cudaStream_t), no synchronisation. After the stream has passed it,
// *first_nan is kNoNan or the index of the first NaN. Only built where nvcc is.
Outcome quantize_int8(const QuantArgs& args, void* stream);

}  // namespace fieldsim::integrity
