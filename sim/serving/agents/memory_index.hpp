#pragma once
// The vector index over the memories that agents share. A write adds a row; the row that it
// supersedes, and the rows of what a rollback undoes, are tombstones: dead, but searched like the
// others until compaction writes the index anew.
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "sim/des/process.hpp"
#include "sim/serving/agents/params.hpp"
#include "sim/serving/vector_index.hpp"

namespace fieldsim::serving {

class MemoryIndex {
 public:
  // Without an index in `params` nothing is modelled: the caller knows a constant.
  MemoryIndex(VectorIndex::Machine machine, const MemoryParams& params, Duration kernel_gap);

  // REQUIRES of both: modelled(). One search on the machine; whether it finds the row (recall).
  des::Task<bool> search();
  des::Task<> insertion();  // what adding a row takes

  void wrote(std::int64_t memory, std::uint64_t serial);    // a row, of the version `serial`
  void settled(std::int64_t memory, std::uint64_t serial);  // it supersedes the row before it
  void undone(std::uint64_t serial);                        // its row is a tombstone

  bool modelled() const { return index_ != nullptr; }
  std::int64_t rows() const { return index_ ? index_->size() : 0; }  // searched, dead included
  std::int64_t dead() const { return index_ ? index_->rows().dead() : 0; }
  std::int64_t dead_peak() const { return dead_peak_; }
  std::int64_t compactions() const { return compactions_; }
  std::int64_t missed() const { return missed_; }  // by the approximation
  Duration searching() const { return searching_; }

 private:
  void bury();
  des::Process compact();

  VectorIndex::Machine m_;
  double compact_at_ = 1;
  std::unique_ptr<VectorIndex> index_;
  std::unordered_map<std::int64_t, RowId> current_;      // of a memory, when it was written
  std::unordered_map<std::uint64_t, RowId> unverified_;  // of a version
  bool compacting_ = false;
  std::int64_t dead_peak_ = 0, compactions_ = 0, missed_ = 0;
  Duration searching_;
};

}  // namespace fieldsim::serving
