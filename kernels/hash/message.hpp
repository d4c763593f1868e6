#pragma once
// The kernels' way through a prefixed SHA-256 message, `prefix || data`, 64 bytes of data a step.
// The one-byte prefix shifts the data against the message words; taking each word's first byte
// from the data word before it costs one byte permutation, the same as the byte swap alone.
#include "kernels/hash/sha256.hpp"

namespace fieldsim::integrity {

struct TaggedMessage {
  Sha256State state = sha256_initial();
  std::uint32_t carry;  // last data word so far; its high byte opens the next block
  FIELDSIM_HD explicit TaggedMessage(std::uint32_t prefix) : carry(prefix << 24) {}
};

// Blocks of a message of `length` data bytes: prefix, data, 0x80, zeros, 64-bit length.
FIELDSIM_HD std::uint32_t tagged_blocks(std::uint32_t length) { return (length + 73) / 64; }

FIELDSIM_HD std::uint32_t shifted_big_endian(std::uint32_t before, std::uint32_t word) {
#if defined(__CUDA_ARCH__)
  return __byte_perm(word, before, 0x7012);
#else
  return (before & 0xff000000u) | (word & 0xffu) << 16 | (word & 0xff00u) | (word >> 16 & 0xffu);
#endif
}

// Takes block `block` (0, 1, ...) of the message, whose data bytes [64 block, 64 block + 64) are
// the little-endian words `data`, zero past the end. `length` < 2^28 is the whole message's data.
FIELDSIM_HD void take_block(TaggedMessage& message, const std::uint32_t (&data)[16],
                            std::uint32_t block, std::uint32_t length) {
  std::uint32_t w[16];
  std::uint32_t before = message.carry;
  FIELDSIM_HD_UNROLL
  for (int i = 0; i < 16; ++i) {
    w[i] = shifted_big_endian(before, data[i]);
    before = data[i];
  }
  message.carry = before;
  if (64 * (block + 1) > length + 1) {  // the end: marker byte after the data, then the bit length
    // Written as a comparison per word, and not as w[end / 4], so that the array stays in
    // registers. A marker that was in an earlier block wraps round to a large number.
    const std::uint32_t end = length + 1 - 64 * block;
    FIELDSIM_HD_UNROLL
    for (std::uint32_t i = 0; i < 16; ++i) {
      const std::uint32_t byte = end - 4 * i;
      w[i] |= byte < 4 ? 0x80000000u >> (8 * byte) : 0u;
    }
    if (block + 1 == tagged_blocks(length)) w[15] = (length + 1) * 8;
  }
  sha256_compress(message.state, w);
}

FIELDSIM_HD std::uint32_t byte_swap(std::uint32_t x) {
#if defined(__CUDA_ARCH__)
  return __byte_perm(x, 0, 0x0123);
#else
  return __builtin_bswap32(x);
#endif
}

}  // namespace fieldsim::integrity
