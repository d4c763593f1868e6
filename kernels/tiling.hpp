#pragma once
// The constants of every kernel instantiation, as the CUDA source, the planner, the emulator and
// the simulator (sim/attention) read them. There is no second copy: change a number here and the
// kernels, the plan and the simulated kernel change together.
//
// Vocabulary. A *step* is 16 consecutive KV or anchor tokens, consumed by one warp at a time. A
// *stage* is one slot of a warp's ring in shared memory (one step of K and V). A *row* is one
// (query token, query head) pair; the rows of one KV head are packed into the M dimension of the
// matrix instruction, so that every K and V element is read once for the whole group.
#include <cstddef>
#include <cstdint>

namespace fieldsim::kernels {

enum class DType : std::uint8_t { f16, bf16 };

// One compiled kernel each. `fused` also serves gamma_fused and cascade: the difference is in the
// plan and in the combine, not in the loop.
enum class Kernel : std::uint8_t { fused, scores, softmax_rows, values, merge };

inline constexpr int kElementBytes = 2;    // FP16 and BF16
inline constexpr int kRowsPerTile = 16;    // M of mma.m16n8k16
inline constexpr int kTokensPerStep = 16;  // two n8 tiles of scores, one k16 of values
inline constexpr int kWarps = 4;           // each with its own ring and softmax state
inline constexpr int kThreads = 32 * kWarps;
inline constexpr int kCopyBytes = 16;       // one cp.async
inline constexpr int kMinPage = 16;         // a step never crosses a page
inline constexpr int kMaxQueryTokens = 64;  // short prefill; longer ones are a prefill kernel's
inline constexpr int kMaxGroup = 256;       // query heads per KV head, in ceil(G / 16) row tiles
inline constexpr int kHeadDims[] = {64, 128, 256};

// Split rules of the planner (plan.cpp).
inline constexpr int kMinChunkSteps = 16;   // 256 tokens: below it a split costs more than it wins
inline constexpr int kMaxWaves = 8;         // items <= tiles + kMaxWaves * concurrent CTAs
inline constexpr int kMaxSlots = 256;       // partial results of one row tile
inline constexpr int kMaxAnchorSplits = 8;  // of a cascade's shared anchors
inline constexpr int kItemOverheadSteps = 8;   // prologue and partial of one item, in steps of time
inline constexpr int kSpeedSpreadPercent = 5;  // SMs differ by that much (assumed, to be measured):
                                               // several shorter waves beat one long one

// Shared-memory and thread shape of one instantiation of the streaming kernels.
struct Tiling {
  int head_dim = 128;
  int stages = 3;
  int min_ctas = 2;                // second argument of __launch_bounds__
  bool query_in_registers = true;  // else Q fragments are re-read from shared memory every step
  bool has_keys = true;            // the ring carries K (scores, fused) ...
  bool has_values = true;          // ... and V (values, fused)

  // One step of one warp: K and V rows of head_dim 16-bit elements.
  constexpr int step_bytes() const {
    return (int{has_keys} + int{has_values}) * kTokensPerStep * head_dim * kElementBytes;
  }
  constexpr int ring_bytes() const { return kWarps * stages * step_bytes(); }
  constexpr int query_bytes() const { return kRowsPerTile * head_dim * kElementBytes; }
  // FP32 accumulators of the four warps; a row is padded by 4 floats against bank conflicts.
  constexpr int merge_row_floats() const { return head_dim + 4; }
  constexpr int merge_bytes() const {
    return kWarps * kRowsPerTile * (merge_row_floats() + 2) * static_cast<int>(sizeof(float));
  }
  constexpr int combine_bytes() const {
    return kMaxSlots * kRowsPerTile * 2 * static_cast<int>(sizeof(float));
  }
  // The ring is dead when the merge and the combine run, so they share its bytes.
  constexpr int arena_bytes() const {
    int bytes = ring_bytes();
    if (merge_bytes() > bytes) bytes = merge_bytes();
    if (combine_bytes() > bytes) bytes = combine_bytes();
    return bytes;
  }
  // The last bytes flag which of an item's (up to 16) target tiles this CTA has to combine.
  constexpr int flag_bytes() const { return kRowsPerTile * static_cast<int>(sizeof(int)); }
  constexpr int smem_bytes() const { return arena_bytes() + query_bytes() + flag_bytes(); }
  // Copies that one CTA keeps outstanding while it computes on the oldest stage.
  constexpr int bytes_in_flight() const { return kWarps * (stages - 1) * step_bytes(); }
};

// The instantiations of `fused`. Two-stage forms exist for devices with less shared memory.
inline constexpr Tiling kFusedTilings[] = {
    {64, 3, 4, true, true, true},   {128, 2, 2, true, true, true},  {128, 3, 2, true, true, true},
    {256, 2, 1, false, true, true}, {256, 3, 1, false, true, true},
};

// The instantiation a device runs: the deepest ring that still leaves `min_ctas` CTAs per SM.
constexpr Tiling fused_tiling(int head_dim, int smem_per_sm) {
  constexpr int kReserved = 1024;  // bytes the driver keeps per CTA, sm_80 and later
  Tiling best{};
  bool found = false;
  for (const Tiling& t : kFusedTilings) {
    if (t.head_dim != head_dim) continue;
    const bool fits = t.min_ctas * (t.smem_bytes() + kReserved) <= smem_per_sm;
    if (!found || fits) best = t;
    found = true;
  }
  return best;
}
constexpr Tiling scores_tiling(int head_dim) {
  return {head_dim, head_dim == 256 ? 2 : 3, head_dim == 256 ? 1 : 2, head_dim < 256, true, false};
}
constexpr Tiling values_tiling(int head_dim) {
  return {head_dim, head_dim == 256 ? 2 : 3, head_dim == 256 ? 1 : 2, false, false, true};
}

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int steps_of(int tokens) { return ceil_div(tokens, kTokensPerStep); }

// IO of the whole launch in bytes, the compulsory part (docs/kernels.md, "IO complexity"): K and V
// of `kv_tokens` read once per row tile, Q read and O written once. Anchors count as KV tokens.
constexpr std::int64_t stream_bytes(std::int64_t kv_tokens, int kv_heads, int head_dim) {
  return 2 * kv_tokens * kv_heads * head_dim * kElementBytes;
}
// FP32 partial (O, m, l) of one slot of one row, written once and read once by the combine.
constexpr std::int64_t partial_bytes(int head_dim) {
  return static_cast<std::int64_t>(head_dim + 2) * 4;
}

}  // namespace fieldsim::kernels
