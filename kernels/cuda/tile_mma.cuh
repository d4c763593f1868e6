#pragma once
// The two small matrix products of one step, on fragments read from swizzled shared memory.
#include "kernels/cuda/shape.cuh"

namespace fieldsim::kernels {

// Q fragments of 16 rows: held in registers, or re-read every step when kHeld is false (head
// dimension 256, where the output alone takes 128 registers).
template <DType kType, int kDim, bool kHeld>
class QueryTile {
  using Row = RowLayout<kDim>;
  static constexpr int kSlices = kDim / 16;

 public:
  FIELDSIM_DEVICE QueryTile(SmemAddr tile, int lane)
      : base_(Row::at(tile, LaneMap::row16(lane), LaneMap::chunk16(lane))) {}

  // After the copies of Q are visible.
  FIELDSIM_DEVICE void load() {
    if constexpr (kHeld) {
      FIELDSIM_UNROLL
      for (int k = 0; k < kSlices; ++k) prim::load_matrix(held_[k], Row::advance(base_, 2 * k));
    }
  }

  // s[n] = Q K^T for the two n8 tiles of a 16-token step.
  FIELDSIM_DEVICE void scores(float (&s)[2][4], SmemAddr keys, int lane) const {
    FIELDSIM_UNROLL
    for (int e = 0; e < 4; ++e) s[0][e] = s[1][e] = 0.0f;
    const SmemAddr row = Row::at(keys, LaneMap::key_row(lane), LaneMap::key_chunk(lane));
    FIELDSIM_UNROLL
    for (int k = 0; k < kSlices; ++k) {
      std::uint32_t b[4];
      prim::load_matrix(b, Row::advance(row, 2 * k));
      if constexpr (kHeld) {
        prim::mma<kType>(s[0], held_[k], b[0], b[1]);
        prim::mma<kType>(s[1], held_[k], b[2], b[3]);
      } else {
        std::uint32_t a[4];
        prim::load_matrix(a, Row::advance(base_, 2 * k));
        prim::mma<kType>(s[0], a, b[0], b[1]);
        prim::mma<kType>(s[1], a, b[2], b[3]);
      }
    }
  }

 private:
  SmemAddr base_;
  static constexpr std::size_t kHeldSlices = kHeld ? kDim / 16 : 1;
  std::uint32_t held_[kHeldSlices][4];
};

// The output accumulator of one warp: 16 rows by kDim, FP32.
template <DType kType, int kDim>
struct OutputTile {
  using Row = RowLayout<kDim>;
  static constexpr std::size_t kColumns = kDim / 8;
  float o[kColumns][4];

  FIELDSIM_DEVICE OutputTile() {
    FIELDSIM_UNROLL
    for (std::size_t n = 0; n < kColumns; ++n) o[n][0] = o[n][1] = o[n][2] = o[n][3] = 0.0f;
  }

  // o = o * rescale + w V, w the weights of 16 tokens in accumulator layout.
  FIELDSIM_DEVICE void add(const std::uint32_t (&w)[4], const float (&rescale)[2], SmemAddr values,
                           int lane) {
    const SmemAddr row = Row::at(values, LaneMap::row16(lane), LaneMap::chunk16(lane));
    FIELDSIM_UNROLL
    for (int n = 0; n < kDim / 8; n += 2) {
      std::uint32_t b[4];
      if constexpr (kMutated<Mutation::no_transpose>)
        prim::load_matrix(b, Row::advance(row, n));
      else
        prim::load_matrix_trans(b, Row::advance(row, n));
      FIELDSIM_UNROLL
      for (int e = 0; e < 2; ++e) {
        o[n + e][0] *= rescale[0];
        o[n + e][1] *= rescale[0];
        o[n + e][2] *= rescale[1];
        o[n + e][3] *= rescale[1];
        prim::mma<kType>(o[n + e], w, b[2 * e], b[2 * e + 1]);
      }
    }
  }
};

// Accumulator layout of a score tile equals the A layout of the next product: pack and go.
template <DType kType>
FIELDSIM_DEVICE void pack_weights(std::uint32_t (&w)[4], const float (&s)[2][4]) {
  w[0] = prim::pack<kType>(s[0][0], s[0][1]);
  w[1] = prim::pack<kType>(s[0][2], s[0][3]);
  w[2] = prim::pack<kType>(s[1][0], s[1][1]);
  w[3] = prim::pack<kType>(s[1][2], s[1][3]);
}

// Copies the item's query rows into a swizzled tile; rows past item.rows become zeros.
template <int kDim>
FIELDSIM_DEVICE void copy_queries(const Params& p, const WorkItem& item, SmemAddr tile,
                                  int thread) {
  using Row = RowLayout<kDim>;
  const prim::Policy policy = prim::policy_evict_normal();
  for (int i = thread; i < kRowsPerTile * Row::kChunks; i += kThreads) {
    const int row = i / Row::kChunks;
    const int chunk = i % Row::kChunks;
    const bool valid = row < item.rows;
    const int packed = item.first_row + (valid ? row : 0);
    const std::uint16_t* source = p.q + (item.first_token + packed / p.group) * p.q_token +
                                  (item.kv_head * p.group + packed % p.group) * p.q_head +
                                  chunk * 8;
    prim::cp_async16(Row::at(tile, row, chunk), source, valid, policy);
  }
}

}  // namespace fieldsim::kernels
