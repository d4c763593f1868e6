// The emulator on kernels small enough to know the answer, and on programs that must not pass.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/emu/prim_emu.hpp"

using namespace fieldsim::kernels;

TEST_CASE("a shuffle exchanges, a barrier separates") {
  std::vector<float> out(64);
  const auto outcome = emu::launch(
      2, 32, 256,
      [&] {
        auto* shared = reinterpret_cast<float*>(prim::shared_bytes());
        const int t = prim::thread_index();
        shared[t] = static_cast<float>(t);
        prim::sync_block();
        const float other = shared[31 - t];
        out[static_cast<std::size_t>(32 * prim::block_index() + t)] = prim::shuffle_xor(other, 1);
      },
      5);
  REQUIRE(outcome == emu::Outcome::ok);
  for (int i = 0; i < 64; ++i)
    CHECK(out[static_cast<std::size_t>(i)] == static_cast<float>(31 - (i % 32 ^ 1)));
}

TEST_CASE("mma and ldmatrix multiply two matrices") {
  // A is 16x16 row-major with 32-byte rows, B is 16 tokens of 16 dims read as K: C = A B^T.
  alignas(16) std::uint16_t a[16][16], b[16][16];
  float expected[16][16] = {};
  for (int r = 0; r < 16; ++r)
    for (int c = 0; c < 16; ++c) {
      a[r][c] = float_to_bf16(static_cast<float>((r * 7 + c * 3) % 11 - 5));
      b[r][c] = float_to_bf16(static_cast<float>((r * 5 + c) % 7 - 3));
    }
  for (int r = 0; r < 16; ++r)
    for (int c = 0; c < 16; ++c)
      for (int k = 0; k < 16; ++k)
        expected[r][c] += bf16_to_float(a[r][k]) * bf16_to_float(b[c][k]);
  float got[16][16];
  const auto outcome = emu::launch(
      1, 32, 1024,
      [&] {
        const int lane = prim::thread_index();
        for (int i = lane; i < 32; i += 32) {
          prim::cp_async16(static_cast<std::uint32_t>(16 * i), &a[i / 2][i % 2 * 8], true, 0);
          prim::cp_async16(static_cast<std::uint32_t>(512 + 16 * i), &b[i / 2][i % 2 * 8], true, 0);
        }
        prim::cp_commit();
        prim::cp_wait<0>();
        prim::sync_warp();
        std::uint32_t fa[4], fb[4];
        prim::load_matrix(fa, static_cast<std::uint32_t>(32 * (lane & 15) + 16 * (lane >> 4)));
        prim::load_matrix(fb, static_cast<std::uint32_t>(512 + 32 * ((lane & 7) + (lane >> 4) * 8) +
                                                         16 * (lane >> 3 & 1)));
        for (int n = 0; n < 2; ++n) {
          float c[4] = {0, 0, 0, 0};
          prim::mma<DType::bf16>(c, fa, fb[2 * n], fb[2 * n + 1]);
          for (int e = 0; e < 4; ++e)
            got[lane / 4 + 8 * (e / 2)][n * 8 + 2 * (lane % 4) + e % 2] = c[e];
        }
      },
      1);
  REQUIRE(outcome == emu::Outcome::ok);
  for (int r = 0; r < 16; ++r)
    for (int c = 0; c < 16; ++c) CHECK(got[r][c] == expected[r][c]);
}

TEST_CASE("a copy is not there before it is waited for") {
  alignas(16) const std::uint32_t source[4] = {1, 2, 3, 4};
  std::uint32_t early = 0;
  std::uint32_t late = 0;
  std::uint32_t zeros = 1;
  static_cast<void>(emu::launch(
      1, 32, 64,
      [&] {
        if (prim::thread_index() != 0) return;
        prim::cp_async16(0, source, true, 0);
        prim::cp_async16(16, nullptr, false, 0);
        prim::cp_commit();
        std::memcpy(&early, prim::shared_bytes(), 4);
        prim::cp_wait<0>();
        std::memcpy(&late, prim::shared_bytes(), 4);
        std::memcpy(&zeros, prim::shared_bytes() + 16, 4);
      },
      1));
  CHECK(early == 0xffffffffu);
  CHECK(late == 1);
  CHECK(zeros == 0);
}

TEST_CASE("a barrier that not every thread reaches is a deadlock") {
  const auto outcome = emu::launch(
      1, 64, 16,
      [] {
        if (prim::thread_index() != 3) prim::sync_block();
      },
      1);
  CHECK(outcome == emu::Outcome::deadlock);
}

TEST_CASE("a shared address past the end is an outcome") {
  const auto outcome = emu::launch(
      1, 32, 64, [] { prim::cp_async16(64, nullptr, false, 0); }, 1);
  CHECK(outcome == emu::Outcome::shared_out_of_range);
}

TEST_CASE("the arrival counter wraps to zero at its limit") {
  std::uint32_t counter = 0;
  std::vector<unsigned> seen;
  static_cast<void>(emu::launch(
      6, 32, 16,
      [&] {
        if (prim::thread_index() == 0) seen.push_back(prim::arrive(&counter, 2));
      },
      1));
  CHECK(seen == std::vector<unsigned>{0, 1, 2, 0, 1, 2});
  CHECK(counter == 0);
}
