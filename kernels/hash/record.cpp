#include "kernels/hash/record.hpp"

#include "kernels/quant/element.hpp"

namespace fieldsim::integrity {

namespace {

std::uint64_t bytes_per_element(ElementType type) {
  return type == ElementType::f16 || type == ElementType::bf16 ? 2 : 1;
}

template <class Unsigned>
void put(Sha256& hash, Unsigned value) {
  std::uint8_t bytes[sizeof(Unsigned)];
  for (std::size_t i = 0; i < sizeof value; ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * i) & 0xffu);
  hash.update(bytes, sizeof bytes);
}

}  // namespace

Outcome check(const TensorRecord& record) {
  if (const Outcome bad = check(record.tree); !bad.ok()) return bad;
  if (record.type > ElementType::int8)
    return fail(Code::bad_argument, "type", static_cast<std::int64_t>(record.type));
  if (!record.shape.empty()) {
    std::uint64_t bytes = bytes_per_element(record.type);
    for (std::size_t i = 0; i < record.shape.size(); ++i)
      if (__builtin_mul_overflow(bytes, record.shape[i], &bytes))
        return fail(Code::bad_argument, "shape", static_cast<std::int64_t>(i));
    if (bytes != record.length) return fail(Code::bad_argument, "length");
  }
  if (record.scale_inner == 0) return fail(Code::bad_argument, "scale_inner", 0);
  if (record.scales.empty() == (record.type == ElementType::int8))
    return fail(Code::bad_argument, "scales");
  for (std::size_t i = 0; i < record.scales.size(); ++i)
    if (!scale_ok(record.scales[i]))
      return fail(Code::bad_scale, "scales", static_cast<std::int64_t>(i));
  return {};
}

Digest record_digest(const TensorRecord& record, const Digest& root) {
  static constexpr char kTag[] =
      "\x02"
      "fieldsim-tensor-v1";
  Sha256 hash;
  hash.update(kTag, sizeof kTag - 1);
  put(hash, record.tree.leaf_bytes);
  put(hash, record.tree.arity);
  put(hash, static_cast<std::uint8_t>(record.type));
  put(hash, record.length);
  put(hash, static_cast<std::uint32_t>(record.shape.size()));
  for (const std::uint64_t extent : record.shape) put(hash, extent);
  put(hash, record.scale_inner);
  put(hash, static_cast<std::uint64_t>(record.scales.size()));
  for (const float scale : record.scales) put(hash, bits_of_float(scale));
  hash.update(root.data(), root.size());
  return hash.finish();
}

}  // namespace fieldsim::integrity
