#pragma once
// One warp's stream of steps: where step s lies in memory (a page of the cache, or anchors), and
// the ring of shared-memory stages its copies land in.
#include "kernels/cuda/params.hpp"
#include "kernels/cuda/shape.cuh"

namespace fieldsim::kernels {

template <int kDim, int kStages, bool kKeys, bool kValues>
class StepRing {
  using Row = RowLayout<kDim>;
  static constexpr int kStageBytes = (int{kKeys} + int{kValues}) * Row::kTileBytes;

 public:
  FIELDSIM_DEVICE StepRing(const Params& p, const WorkItem& item, SmemAddr ring, int warp, int lane)
      : p_(p), item_(item), lane_row_(lane / Row::kChunks), lane_chunk_(lane % Row::kChunks) {
    ring_ = ring + static_cast<SmemAddr>(warp * kStages * kStageBytes);
    // Rows of later passes differ in bits that lane_row_ does not use, so XOR composes.
    lane_offset_ = Row::at(0, lane_row_, lane_chunk_);
    kv_policy_ = p.read_once ? prim::policy_evict_first() : prim::policy_evict_normal();
    anchor_policy_ = prim::policy_evict_last();
    next_ = item.step_begin + warp;
    page_ = page_of(next_);
  }

  FIELDSIM_DEVICE SmemAddr keys(int stage) const {
    return ring_ + static_cast<SmemAddr>(stage * kStageBytes);
  }
  FIELDSIM_DEVICE SmemAddr values(int stage) const {
    return keys(stage) + (kKeys ? Row::kTileBytes : 0);
  }

  // Starts the copies of the warp's next step into `stage` and closes their group. Past the end
  // the group is empty: wait_group counts groups, so there must be one per step.
  FIELDSIM_DEVICE void issue(int stage) {
    if (next_ < item_.step_end) {
      if (next_ < item_.kv_steps)
        copy_page(stage);
      else
        copy_anchors(stage);
    }
    prim::cp_commit();
    next_ += kWarps;
  }

 private:
  // The block-table entry is read one step ahead of its use, off the copies' critical path.
  FIELDSIM_DEVICE int page_of(int step) const {
    if (step >= item_.step_end || step >= item_.kv_steps) return 0;
    const std::int64_t row = static_cast<std::int64_t>(item_.request) * p_.block_table_stride;
    return p_.block_table[row + ((step * kTokensPerStep) >> p_.page_shift)];
  }

  FIELDSIM_DEVICE void copy_page(int stage) {
    const int token = next_ * kTokensPerStep;
    const int in_page = token & ((1 << p_.page_shift) - 1);
    const std::int64_t page = page_;
    if constexpr (!kMutated<Mutation::stale_page>) page_ = page_of(next_ + kWarps);
    const int valid = item_.kv_len - token;
    if constexpr (kKeys)
      copy(keys(stage), p_.k + page * p_.k_page + in_page * p_.k_token + item_.kv_head * p_.k_head,
           static_cast<int>(p_.k_token), valid, kv_policy_);
    if constexpr (kValues)
      copy(values(stage),
           p_.v + page * p_.v_page + in_page * p_.v_token + item_.kv_head * p_.v_head,
           static_cast<int>(p_.v_token), valid, kv_policy_);
  }

  FIELDSIM_DEVICE void copy_anchors(int stage) {
    const int token = (next_ - item_.kv_steps) * kTokensPerStep;
    const int valid = item_.anchor_count - token;
    if constexpr (kKeys)
      copy(keys(stage),
           p_.anchor_k + item_.anchor_set * p_.anchor_k_set + token * p_.anchor_k_token +
               item_.kv_head * p_.anchor_k_head,
           static_cast<int>(p_.anchor_k_token), valid, anchor_policy_);
    if constexpr (kValues)
      copy(values(stage),
           p_.anchor_v + item_.anchor_set * p_.anchor_v_set + token * p_.anchor_v_token +
               item_.kv_head * p_.anchor_v_head,
           static_cast<int>(p_.anchor_v_token), valid, anchor_policy_);
  }

  // 16 rows of kDim elements; consecutive lanes copy consecutive chunks of a row. Rows past
  // `valid` become zeros and are not read: a NaN there would survive a zero weight.
  FIELDSIM_DEVICE void copy(SmemAddr tile, const std::uint16_t* source, int stride, int valid,
                            prim::Policy policy) const {
    const std::uint16_t* from = source + lane_row_ * stride + lane_chunk_ * 8;
    FIELDSIM_UNROLL
    for (int pass = 0; pass < Row::kPasses; ++pass) {
      const int row = pass * Row::kRowsPerPass;
      const SmemAddr to = tile + (lane_offset_ ^ static_cast<SmemAddr>((row & 7) * kCopyBytes)) +
                          static_cast<SmemAddr>(row * Row::kRowBytes);
      const bool keep = row + lane_row_ < valid || kMutated<Mutation::no_zero_fill>;
      prim::cp_async16(to, from, keep, policy);
      from += Row::kRowsPerPass * stride;
    }
  }

  const Params& p_;
  const WorkItem& item_;
  int lane_row_;
  int lane_chunk_;
  SmemAddr lane_offset_;
  SmemAddr ring_;
  int next_;  // next step to copy
  int page_;  // its page, when it lies in the cache
  prim::Policy kv_policy_;
  prim::Policy anchor_policy_;
};

}  // namespace fieldsim::kernels
