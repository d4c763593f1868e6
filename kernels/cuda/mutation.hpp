#pragma once
// Seeded faults, one per build: -DFIELDSIM_KERNEL_MUTATION=n compiles the kernels with fault n.
// tests/mutation asserts that the emulator suite catches every one. Zero, the default, is the
// kernel itself; the branches below are resolved at compile time and leave no trace in it.
#ifndef FIELDSIM_KERNEL_MUTATION
#define FIELDSIM_KERNEL_MUTATION 0
#endif

namespace fieldsim::kernels {

enum class Mutation : int {
  none,
  missing_ring_barrier,     // warp reads a stage before the other lanes' copies are visible
  missing_arena_barrier,    // the merge overwrites rings that slower warps still read
  missing_merge_barrier,    // warps' results are merged before all are written
  missing_arrival_barrier,  // a CTA announces partials that its other threads still write
  wait_off_by_one,          // one copy group too many may still be in flight
  no_tail_mask,             // scores past the valid length count
  no_infinity_guard,        // (-inf) - (-inf) in a fully masked step
  wrong_ring_slot,          // copies land one stage off
  no_zero_fill,             // rows past the valid length keep what was in memory
  no_transpose,             // V fragments without .trans
  wrong_combine,            // partial sums are added without rescaling
  counter_not_reset,        // the arrival counter does not wrap to zero
  border_straddled,         // gamma: anchors are weighed as paged KV
  no_causal_mask,
  stale_page,  // the page id of the previous step is used
  count,
};

inline constexpr Mutation kMutation = static_cast<Mutation>(FIELDSIM_KERNEL_MUTATION);
template <Mutation kFault>
inline constexpr bool kMutated = kMutation == kFault;

}  // namespace fieldsim::kernels
