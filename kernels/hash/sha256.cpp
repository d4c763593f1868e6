#include "kernels/hash/sha256.hpp"

#include <algorithm>

namespace fieldsim::integrity {

namespace {

std::uint32_t big_endian_word(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

}  // namespace

void sha256_blocks_portable(Sha256State& state, const std::uint8_t* data, std::size_t blocks) {
  for (std::size_t b = 0; b < blocks; ++b) {
    std::uint32_t w[16];
    for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian_word(data + 64 * b + 4 * i);
    sha256_compress(state, w);
  }
}

Digest digest_of(const Sha256State& state) {
  Digest digest{};
  for (std::size_t i = 0; i < 32; ++i)
    digest[i] = static_cast<std::uint8_t>(state.h[i / 4] >> (24 - 8 * (i % 4)) & 0xffu);
  return digest;
}

Sha256& Sha256::update(const void* data, std::size_t bytes) {
  const auto* p = static_cast<const std::uint8_t*>(data);
  const std::size_t held = length_ % 64;
  length_ += bytes;
  if (held != 0) {
    const std::size_t take = std::min(bytes, 64 - held);
    std::copy_n(p, take, buffer_.data() + held);
    p += take;
    bytes -= take;
    if (held + take < 64) return *this;
    blocks_(state_, buffer_.data(), 1);
  }
  if (bytes >= 64) blocks_(state_, p, bytes / 64);
  std::copy_n(p + bytes / 64 * 64, bytes % 64, buffer_.data());
  return *this;
}

Digest Sha256::finish() {
  std::size_t held = length_ % 64;
  const std::uint64_t bits = length_ * 8;
  buffer_[held++] = 0x80;
  if (held > 56) {  // no room for the length: one more block
    std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(held), buffer_.end(), std::uint8_t{0});
    blocks_(state_, buffer_.data(), 1);
    held = 0;
  }
  std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(held), buffer_.end(), std::uint8_t{0});
  for (std::size_t i = 0; i < 8; ++i)
    buffer_[56 + i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i) & 0xffu);
  blocks_(state_, buffer_.data(), 1);
  return digest_of(state_);
}

Digest sha256(const void* data, std::size_t bytes, Sha256Blocks blocks) {
  return Sha256(blocks).update(data, bytes).finish();
}

}  // namespace fieldsim::integrity
