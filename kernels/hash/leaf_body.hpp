#pragma once
// The leaf kernel, written once for nvcc and for CPU runs. One thread hashes one leaf, because
// SHA-256 is serial; the CTA's threads together bring 64 bytes of each of its 64 leaves into shared
// memory per step, so that global memory sees 64-byte (raw) or 128-byte (16-bit source) runs
// instead of one lane per leaf. The next step's data is loaded into registers while this one is
// compressed; two buffers make one barrier a step enough.
//
// `Block` gives the thread's place and the barrier: thread(), block(), sync(), shared().
#include "kernels/hash/message.hpp"
#include "kernels/hash/tree.hpp"
#include "kernels/quant/int8_body.hpp"

namespace fieldsim::integrity {

inline constexpr int kLeafThreads = 64;  // and leaves of one CTA: small, to spread over the SMs
inline constexpr int kPieces = 4;        // 16-byte pieces a thread moves per step
inline constexpr int kLeafBufferWords = kLeafThreads * 16;
inline constexpr int kLeafSharedWords = 2 * kLeafBufferWords;

struct LeafArgs {
  const std::uint8_t* data = nullptr;  // raw source: [length], 16-byte aligned
  QuantArgs quant;                     // quantising source; codes may be null: hashed, not kept
  std::int64_t length = 0;             // bytes hashed (codes, when quantising)
  std::uint32_t leaf_bytes = 0;
  std::uint8_t* digests = nullptr;  // [leaves, 32], 16-byte aligned
};

// A source moves pieces of 16 hashed bytes: `fetch` reads global memory, `finish` gives the bytes.
// `valid` of the 16 exist; the others read as zero.
struct RawSource {
  struct Piece {
    Quad quad;
  };
  FIELDSIM_HD explicit RawSource(const LeafArgs&) {}
  FIELDSIM_HD Piece fetch(const LeafArgs& args, std::int64_t at, int valid) const {
    if (valid == 16) return Piece{load_vector<Quad>(args.data + at)};
    Piece piece{{{0, 0, 0, 0}}};
    FIELDSIM_HD_UNROLL
    for (int i = 0; i < 16; ++i)
      if (i < valid)
        piece.quad.w[i / 4] |= static_cast<std::uint32_t>(args.data[at + i]) << (8 * (i % 4));
    return piece;
  }
  FIELDSIM_HD Quad finish(const LeafArgs&, const Piece& piece, std::int64_t, int) const {
    return piece.quad;
  }
};

// Quantises 16 elements into the piece, and writes the codes on their way through.
template <Float16 kType, bool kPerTensor>
struct QuantSource {
  struct Piece {
    Quad low, high;
  };
  ScaleInverse fixed;
  FIELDSIM_HD explicit QuantSource(const LeafArgs& args)
      : fixed(scale_inverse(args.quant.scales.values[0])) {}
  FIELDSIM_HD Quad load(const std::uint16_t* x, int valid) const {
    return valid >= 8 ? load_vector<Quad>(x) : load_elements(x, valid);
  }
  FIELDSIM_HD Piece fetch(const LeafArgs& args, std::int64_t at, int valid) const {
    const std::uint16_t* x = args.quant.x + at;
    if (valid <= 0) return Piece{{{0, 0, 0, 0}}, {{0, 0, 0, 0}}};
    return Piece{load(x, valid), load(x + 8, valid - 8)};
  }
  FIELDSIM_HD Quad finish(const LeafArgs& args, const Piece& piece, std::int64_t at,
                          int valid) const {
    if (valid <= 0) return Quad{{0, 0, 0, 0}};
    const QuantArgs& q = args.quant;
    const Pair low = quantize8<kType, kPerTensor>(piece.low, at, valid < 8 ? valid : 8, q.scales,
                                                  fixed, q.first_nan);
    Pair high{{0, 0}};
    if (valid > 8)
      high =
          quantize8<kType, kPerTensor>(piece.high, at + 8, valid - 8, q.scales, fixed, q.first_nan);
    const Quad codes{{low.w[0], low.w[1], high.w[0], high.w[1]}};
    if (q.codes != nullptr) {
      if (valid == 16) {
        store_vector(q.codes + at, codes);
      } else {
        store_codes(q.codes + at, low, valid);
        store_codes(q.codes + at + 8, high, valid - 8);
      }
    }
    return codes;
  }
};

// Word offset of piece `column` of leaf `row` in a buffer. Exclusive-or with half the row puts
// eight consecutive rows' equal columns, and eight consecutive pieces, into eight different bank
// groups.
FIELDSIM_HD int leaf_slot(int row, int column) {
  return 16 * row + 4 * (column ^ ((row >> 1) & 3));
}

template <class Source, class Block>
FIELDSIM_HD void hash_leaves(const Block& block, const LeafArgs& args) {
  const Source source(args);
  const int thread = block.thread();
  const std::int64_t first = block.block() * kLeafThreads;
  const std::int64_t own_at = (first + thread) * args.leaf_bytes;
  // Bytes of a leaf that starts at `at`; 0 past the end.
  const auto leaf_length = [&](std::int64_t at) {
    const std::int64_t left = args.length - at;
    return static_cast<std::uint32_t>(left < 0 ? 0
                                               : (left < args.leaf_bytes ? left : args.leaf_bytes));
  };
  const std::uint32_t own_length = leaf_length(own_at);
  const std::uint32_t own_blocks = own_length == 0 ? 0 : tagged_blocks(own_length);
  // The CTA's first leaf is its longest: all threads take the same number of steps.
  const std::uint32_t steps = (leaf_length(first * args.leaf_bytes) + 63) / 64;

  typename Source::Piece pieces[kPieces] = {};
  const auto place = [&](int i, std::uint32_t step, std::int64_t& at, int& valid) {
    const int piece = thread + kLeafThreads * i, row = piece / 4, column = piece % 4;
    at = (first + row) * args.leaf_bytes + 64 * std::int64_t{step} + 16 * column;
    const std::int64_t left = args.length - at;
    valid = left > 16 ? 16 : (left < 0 ? 0 : static_cast<int>(left));
    return leaf_slot(row, column);
  };
  const auto fetch = [&](std::uint32_t step) {
    FIELDSIM_HD_UNROLL
    for (int i = 0; i < kPieces; ++i) {
      std::int64_t at;
      int valid;
      place(i, step, at, valid);
      pieces[i] = source.fetch(args, at, valid);
    }
  };

  TaggedMessage message(0x00);
  if (steps > 0) fetch(0);
  for (std::uint32_t step = 0; step <= steps; ++step) {
    std::uint32_t data[16] = {};
    if (step < steps) {
      std::uint32_t* buffer = block.shared() + (step % 2) * kLeafBufferWords;
      FIELDSIM_HD_UNROLL
      for (int i = 0; i < kPieces; ++i) {
        std::int64_t at;
        int valid;
        const int slot = place(i, step, at, valid);
        store_vector(buffer + slot, source.finish(args, pieces[i], at, valid));
      }
      if (step + 1 < steps) fetch(step + 1);
      block.sync();
      FIELDSIM_HD_UNROLL
      for (int column = 0; column < 4; ++column) {
        const Quad quad = load_vector<Quad>(buffer + leaf_slot(thread, column));
        FIELDSIM_HD_UNROLL
        for (int i = 0; i < 4; ++i) data[4 * column + i] = quad.w[i];
      }
    }
    if (step < own_blocks) take_block(message, data, step, own_length);
  }
  if (own_blocks == 0) return;
  std::uint8_t* out = args.digests + 32 * (first + thread);
  FIELDSIM_HD_UNROLL
  for (int half = 0; half < 2; ++half) {
    Quad quad{};
    FIELDSIM_HD_UNROLL
    for (int i = 0; i < 4; ++i) quad.w[i] = byte_swap(message.state.h[4 * half + i]);
    store_vector(out + 16 * half, quad);
  }
}

}  // namespace fieldsim::integrity
