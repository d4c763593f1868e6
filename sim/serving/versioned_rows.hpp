#pragma once
// The rows of a vector index, versioned (MVCC: Bernstein, Hadzilacos & Goodman 1987, ch. 5) and
// never edited in place. erase() ends a row for snapshots taken from then on; invalidate() ends
// every row of an origin for all snapshots, old ones too: what a failed verdict condemns is never
// read again. Dead rows stay, and are scanned, until compact().
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace fieldsim::serving {

using RowId = std::uint64_t;
using Version = std::uint64_t;

class VersionedRows {
 public:
  // A row for `key`, derived from `origin` (a boundary, an agent, an anchor).
  RowId insert(std::uint64_t key, std::uint64_t origin);
  void erase(RowId row);
  // Tombstones every row of `origin`; returns how many were alive to some snapshot.
  std::int64_t invalidate(std::uint64_t origin);

  // What a reader that begins now may see.
  Version snapshot() const { return version_; }
  bool visible(RowId row, Version snapshot) const;
  // The newest visible row of a key.
  std::optional<RowId> find(std::uint64_t key, Version snapshot) const;
  std::optional<RowId> find(std::uint64_t key) const { return find(key, snapshot()); }

  // Forgets rows that no snapshot from `oldest` on can see; returns how many.
  std::int64_t compact(Version oldest);

  std::int64_t stored() const { return static_cast<std::int64_t>(rows_.size()); }  // dead included
  std::int64_t dead() const { return dead_; }

 private:
  static constexpr Version kAlive = UINT64_MAX;
  struct Row {
    std::uint64_t key = 0, origin = 0;
    Version born = 0, ended = kAlive;
    bool condemned = false;
  };
  static bool visible(const Row& row, Version snapshot) {
    return !row.condemned && row.born <= snapshot && snapshot < row.ended;
  }

  std::unordered_map<RowId, Row> rows_;
  std::unordered_map<std::uint64_t, std::vector<RowId>> by_key_, by_origin_;  // oldest first
  RowId next_ = 1;
  Version version_ = 0;
  std::int64_t dead_ = 0;
};

}  // namespace fieldsim::serving
