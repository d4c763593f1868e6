#pragma once
// Online softmax over 16-token steps, in the log2 domain, on the accumulator layout of
// mma.m16n8k16: a thread holds columns 2t, 2t+1 (+8) of rows g and g+8, with g = lane / 4 and
// t = lane % 4. One (m, l) pair per row; scores of the paged cache and of the anchors go through
// the same state, which is what makes concatenation exact.
#include "kernels/cuda/shape.cuh"

namespace fieldsim::kernels {

struct SoftmaxState {
  float m[2];  // running maximum of rows g and g+8, log2 domain
  float l[2];  // this thread's share of the running sum

  FIELDSIM_DEVICE SoftmaxState() {
    m[0] = m[1] = -INFINITY;
    l[0] = l[1] = 0.0f;
  }

  // scores [n8 tile][element] -> weights in place; columns at or past cut[row] are masked.
  // Returns in `rescale` what older sums and outputs of each row have to be multiplied by.
  FIELDSIM_DEVICE void update(float (&s)[2][4], const int (&cut)[2], float scale_log2, int lane,
                              float (&rescale)[2]) {
    const int first = (lane & 3) * 2;
    float top[2] = {-INFINITY, -INFINITY};
    FIELDSIM_UNROLL
    for (int n = 0; n < 2; ++n) {
      FIELDSIM_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int half = e >> 1;
        const int column = n * 8 + first + (e & 1);
        const bool seen = column < cut[half] || kMutated<Mutation::no_tail_mask>;
        s[n][e] = seen ? s[n][e] * scale_log2 : -INFINITY;
        top[half] = prim::max(top[half], s[n][e]);
      }
    }
    FIELDSIM_UNROLL
    for (int half = 0; half < 2; ++half) {
      top[half] = prim::max(top[half], prim::shuffle_xor(top[half], 1));
      top[half] = prim::max(top[half], prim::shuffle_xor(top[half], 2));
      const float next = prim::max(m[half], top[half]);
      // A row that has seen nothing yet has m = -inf; subtract 0 instead, and exp2 gives zeros.
      const bool guard = !kMutated<Mutation::no_infinity_guard>;
      const float base = guard && next == -INFINITY ? 0.0f : next;
      rescale[half] = prim::exp2(m[half] - base);
      m[half] = next;
      l[half] *= rescale[half];
      FIELDSIM_UNROLL
      for (int n = 0; n < 2; ++n) {
        FIELDSIM_UNROLL
        for (int e = half * 2; e < half * 2 + 2; ++e) {
          s[n][e] = prim::exp2(s[n][e] - base);
          l[half] += s[n][e];
        }
      }
    }
  }

  // Sums the four threads of each row.
  FIELDSIM_DEVICE void finish() {
    FIELDSIM_UNROLL
    for (int half = 0; half < 2; ++half) {
      l[half] += prim::shuffle_xor(l[half], 1);
      l[half] += prim::shuffle_xor(l[half], 2);
    }
  }
};

}  // namespace fieldsim::kernels
