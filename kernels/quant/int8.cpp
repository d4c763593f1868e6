#include "kernels/quant/int8.hpp"

namespace fieldsim::integrity {

Outcome check_scales(const Scales& scales) {
  if (scales.values == nullptr) return fail(Code::bad_argument, "scales.values");
  if (scales.count < 1) return fail(Code::bad_argument, "scales.count", scales.count);
  if (scales.inner < 1) return fail(Code::bad_argument, "scales.inner", scales.inner);
  for (std::int64_t i = 0; i < scales.count; ++i)
    if (!scale_ok(scales.values[i])) return fail(Code::bad_scale, "scales.values", i);
  return {};
}

namespace {

template <Float16 kType>
Outcome quantize_all(const std::uint16_t* x, std::int64_t length, const Scales& scales,
                     std::int8_t* codes) {
  for (std::int64_t i = 0; i < length; ++i) {
    if (is_nan<kType>(x[i])) return fail(Code::nan_input, "x", i);
    const float s = scales.values[(i / scales.inner) % scales.count];
    codes[i] = quantize_element(widen<kType>(x[i]), s);
  }
  return {};
}

}  // namespace

Outcome quantize_int8_reference(Float16 type, const std::uint16_t* x, std::int64_t length,
                                const Scales& scales, std::int8_t* codes) {
  if (length < 0) return fail(Code::bad_argument, "length", length);
  if (length > 0 && x == nullptr) return fail(Code::bad_argument, "x");
  if (length > 0 && codes == nullptr) return fail(Code::bad_argument, "codes");
  if (const Outcome bad = check_scales(scales); !bad.ok()) return bad;
  switch (type) {
    case Float16::f16:
      return quantize_all<Float16::f16>(x, length, scales, codes);
    case Float16::bf16:
      return quantize_all<Float16::bf16>(x, length, scales, codes);
  }
  return fail(Code::bad_argument, "type", static_cast<std::int64_t>(type));
}

Outcome check(const QuantArgs& args) {
  if (args.type != Float16::f16 && args.type != Float16::bf16)
    return fail(Code::bad_argument, "type", static_cast<std::int64_t>(args.type));
  if (args.length < 0) return fail(Code::bad_argument, "length", args.length);
  if (args.length > 0 && args.x == nullptr) return fail(Code::bad_argument, "x");
  if (args.length > 0 && args.codes == nullptr) return fail(Code::bad_argument, "codes");
  if (args.first_nan == nullptr) return fail(Code::bad_argument, "first_nan");
  if (args.scales.values == nullptr) return fail(Code::bad_argument, "scales.values");
  if (args.scales.count < 1) return fail(Code::bad_argument, "scales.count", args.scales.count);
  if (args.scales.inner < 1) return fail(Code::bad_argument, "scales.inner", args.scales.inner);
  if (!aligned(args.x, 16)) return fail(Code::bad_align, "x");
  if (!aligned(args.codes, 8)) return fail(Code::bad_align, "codes");
  if (!aligned(args.first_nan, 8)) return fail(Code::bad_align, "first_nan");
  return {};
}

}  // namespace fieldsim::integrity
