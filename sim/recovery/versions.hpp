#pragma once
// Memories as rows of a vector index with versions (MVCC): a write adds a version, a rollback
// tombstones it, nothing is edited in place (I9). Who sees which version is the visibility policy:
// Bernstein, Hadzilacos & Goodman 1987.
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/recovery/params.hpp"
#include "sim/recovery/provenance.hpp"

namespace fieldsim::recovery {

struct Version {
  std::int64_t memory = 0;
  std::int64_t agent = 0;  // that wrote it; -1: there from the start
  Vertex vertex;
  Time written;
  Time committed = Time::never();
  bool settled() const { return committed != Time::never(); }
};

class MemoryStore {
 public:
  MemoryStore(std::int64_t memories, Visibility visibility);

  // What a reader gets, or null when it has to wait (strict). `began` is when its step began.
  const Version* read(std::int64_t memory, Time began) const;
  bool flagged(const Version& v) const {  // in the quarantine index
    return visibility_ == Visibility::quarantine && !v.settled();
  }

  Version* write(std::int64_t memory, std::int64_t agent, Time now);
  void settle(Version* version, Time now);
  void tombstone(Version* version);

  // Snapshots that are being read: versions older than all of them are collected.
  void open_snapshot(Time began);
  void close_snapshot(Time began);

  std::int64_t size() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t live_versions() const { return versions_; }
  std::int64_t tombstones() const { return tombstones_; }

 private:
  using Row = std::vector<std::unique_ptr<Version>>;  // in order of writing
  void collect(Row& row, Time now);

  Visibility visibility_;
  std::vector<Row> rows_;
  std::multiset<Time> snapshots_;
  std::int64_t versions_ = 0, tombstones_ = 0;
};

}  // namespace fieldsim::recovery
