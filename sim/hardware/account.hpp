#pragma once
// Where the time of the critical path goes: the categories of `time_breakdown_s` in a result.
#include <array>
#include <cstddef>
#include <string_view>

#include "sim/base/units.hpp"

namespace fieldsim::hardware {

enum class Category {
  weights,    // dense layers: weights read, or the matrix rate in a prefill
  attention,  // the paged KV cache
  anchors,    // the anchor tokens' share of attention
  launch,     // gaps between kernels
  host,       // scheduler, sampling and bookkeeping on the CPU
  assumed,    // a step pinned by the scenario
  quantize,
  transfer,
  sync,  // the host waits for the device
  hash,  // digests and Merkle paths
  ledger,
  evidence,    // what makes an inference verifiable: capture, commitments, proofs, an enclave
  check,       // the verifier computes: a replay, algebra, a proof
  checkpoint,  // of a boundary, not overlapped with generation
  enclave,     // what a trusted execution environment adds
  stall,       // a full window: generation waits for a verdict
  rollback,    // discarded steps and the repair
  retrieve,    // nearest neighbours in the vector index
  promote,     // fetching an anchor and writing its KV pages
};
inline constexpr std::size_t kCategories = 19;
inline constexpr std::array<std::string_view, kCategories> kCategoryNames = {
    "weights",  "attention", "anchors",  "launch",   "host",     "assumed", "quantize",
    "transfer", "sync",      "hash",     "ledger",   "evidence", "check",   "checkpoint",
    "enclave",  "stall",     "rollback", "retrieve", "promote"};

// A sum of durations by category.
class Account {
 public:
  void add(Category c, Duration d) { at_[static_cast<std::size_t>(c)] += d; }
  Duration operator[](Category c) const { return at_[static_cast<std::size_t>(c)]; }
  Duration total() const {
    Duration sum;
    for (Duration d : at_) sum += d;
    return sum;
  }
  Account& operator+=(const Account& other) {
    for (std::size_t i = 0; i < kCategories; ++i) at_[i] += other.at_[i];
    return *this;
  }
  Account& operator-=(const Account& other) {
    for (std::size_t i = 0; i < kCategories; ++i) at_[i] -= other.at_[i];
    return *this;
  }

 private:
  std::array<Duration, kCategories> at_{};
};

}  // namespace fieldsim::hardware
