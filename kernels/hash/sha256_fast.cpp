#include "kernels/hash/sha256_fast.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace fieldsim::integrity {

#if defined(__x86_64__)
namespace {

alignas(16) constexpr std::uint32_t kRound[64] = {
#include "kernels/hash/sha256_rounds.inc"
};

// sha256rnds2 keeps the state as ABEF and CDGH and does two rounds; sha256msg1/2 and one alignr
// make four schedule words at a time from the sliding window m[0..3].
__attribute__((target("sha,sse4.1,ssse3"))) void blocks_sha_ni(Sha256State& state,
                                                               const std::uint8_t* data,
                                                               std::size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  const auto load = [](const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); };
  const __m128i dcba = load(state.h), hgfe = load(state.h + 4);
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; blocks > 0; --blocks, data += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i m[4];
    for (int i = 0; i < 4; ++i) m[i] = _mm_shuffle_epi8(load(data + 16 * i), swap);
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {  // rounds 4i to 4i + 3
      const __m128i w = m[i % 4];
      const __m128i sum = _mm_add_epi32(w, load(kRound + 4 * i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (i < 12) {  // words of rounds 4(i + 4) and on replace those just used
        const __m128i m1 = m[(i + 1) % 4], m2 = m[(i + 2) % 4], m3 = m[(i + 3) % 4];
        const __m128i partial =
            _mm_add_epi32(_mm_sha256msg1_epu32(w, m1), _mm_alignr_epi8(m3, m2, 4));
        m[i % 4] = _mm_sha256msg2_epu32(partial, m3);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  const auto store = [](void* p, __m128i v) { _mm_storeu_si128(static_cast<__m128i*>(p), v); };
  store(state.h, _mm_blend_epi16(feba, dchg, 0xf0));
  store(state.h + 4, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace

bool sha256_has_instructions() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
    if ((c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0) return false;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
    return (b & (1u << 29)) != 0;  // SHA
  }();
  return has;
}

Sha256Blocks sha256_blocks_fast() {
  return sha256_has_instructions() ? blocks_sha_ni : sha256_blocks_portable;
}

#else

bool sha256_has_instructions() { return false; }
Sha256Blocks sha256_blocks_fast() { return sha256_blocks_portable; }

#endif

}  // namespace fieldsim::integrity
