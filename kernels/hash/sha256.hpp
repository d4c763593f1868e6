#pragma once
// SHA-256 (FIPS 180-4). The compression function is written once for the host and the device; the
// streaming class is the plain reference that everything else is compared with.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/quant/host_device.hpp"

namespace fieldsim::integrity {

using Digest = std::array<std::uint8_t, 32>;

// The eight chaining words; a digest is their big-endian bytes.
struct alignas(16) Sha256State {
  std::uint32_t h[8];
};

FIELDSIM_HD Sha256State sha256_initial() {
  return Sha256State{{0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu,
                      0x1f83d9abu, 0x5be0cd19u}};
}

FIELDSIM_HD std::uint32_t rotate_right(std::uint32_t x, int n) {
#if defined(__CUDA_ARCH__)
  return __funnelshift_r(x, x, static_cast<unsigned>(n));
#else
  return (x >> n) | (x << (32 - n));
#endif
}

// One compression. `w` holds the block's 16 big-endian words and is used up as the sliding window
// of the message schedule: with every loop unrolled it stays in registers.
FIELDSIM_HD void sha256_compress(Sha256State& state, std::uint32_t (&w)[16]) {
  constexpr std::uint32_t k[64] = {
#include "kernels/hash/sha256_rounds.inc"
  };
  std::uint32_t a = state.h[0], b = state.h[1], c = state.h[2], d = state.h[3];
  std::uint32_t e = state.h[4], f = state.h[5], g = state.h[6], h = state.h[7];
  FIELDSIM_HD_UNROLL
  for (int t = 0; t < 64; ++t) {
    if (t >= 16) {
      const std::uint32_t x = w[(t + 1) % 16], y = w[(t + 14) % 16];
      const std::uint32_t s0 = rotate_right(x, 7) ^ rotate_right(x, 18) ^ (x >> 3);
      const std::uint32_t s1 = rotate_right(y, 17) ^ rotate_right(y, 19) ^ (y >> 10);
      w[t % 16] += s0 + w[(t + 9) % 16] + s1;
    }
    const std::uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    const std::uint32_t choose = (e & f) ^ (~e & g);
    const std::uint32_t t1 = h + sum1 + choose + k[t] + w[t % 16];
    const std::uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    const std::uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + sum0 + majority;
  }
  state.h[0] += a;
  state.h[1] += b;
  state.h[2] += c;
  state.h[3] += d;
  state.h[4] += e;
  state.h[5] += f;
  state.h[6] += g;
  state.h[7] += h;
}

// Compresses `blocks` consecutive 64-byte blocks; the portable one and the one chosen at start-up.
using Sha256Blocks = void (*)(Sha256State&, const std::uint8_t* data, std::size_t blocks);
void sha256_blocks_portable(Sha256State& state, const std::uint8_t* data, std::size_t blocks);

Digest digest_of(const Sha256State& state);

// Streaming SHA-256 of any number of bytes below 2^61.
class Sha256 {
 public:
  explicit Sha256(Sha256Blocks blocks = sha256_blocks_portable) : blocks_(blocks) {}
  Sha256& update(const void* data, std::size_t bytes);
  Digest finish();  // may be called once

 private:
  Sha256Blocks blocks_;
  Sha256State state_ = sha256_initial();
  std::array<std::uint8_t, 64> buffer_{};
  std::uint64_t length_ = 0;  // bytes so far
};

Digest sha256(const void* data, std::size_t bytes, Sha256Blocks blocks = sha256_blocks_portable);

}  // namespace fieldsim::integrity
