#include "sim/serving/versioned_rows.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

RowId VersionedRows::insert(std::uint64_t key, std::uint64_t origin) {
  const RowId id = next_++;
  rows_.emplace(id, Row{key, origin, ++version_, kAlive, false});
  by_key_[key].push_back(id);
  by_origin_[origin].push_back(id);
  return id;
}

void VersionedRows::erase(RowId id) {
  const auto row = rows_.find(id);
  SIM_CHECK(row != rows_.end(), "a row is erased that is not there");
  if (row->second.ended != kAlive) return;
  row->second.ended = ++version_;
  ++dead_;
}

std::int64_t VersionedRows::invalidate(std::uint64_t origin) {
  const auto of = by_origin_.find(origin);
  if (of == by_origin_.end()) return 0;
  ++version_;
  std::int64_t condemned = 0;
  for (const RowId id : of->second) {
    Row& row = rows_.at(id);
    if (row.condemned) continue;
    row.condemned = true;
    ++condemned;
    if (row.ended != kAlive) continue;
    row.ended = version_;
    ++dead_;
  }
  return condemned;
}

bool VersionedRows::visible(RowId id, Version snapshot) const {
  const auto row = rows_.find(id);
  return row != rows_.end() && visible(row->second, snapshot);
}

std::optional<RowId> VersionedRows::find(std::uint64_t key, Version snapshot) const {
  const auto of = by_key_.find(key);
  if (of == by_key_.end()) return std::nullopt;
  const auto row = std::find_if(of->second.rbegin(), of->second.rend(),
                                [&](RowId id) { return visible(rows_.at(id), snapshot); });
  if (row == of->second.rend()) return std::nullopt;
  return *row;
}

std::int64_t VersionedRows::compact(Version oldest) {
  std::int64_t forgotten = 0;
  const auto gone = [&](const Row& r) { return r.condemned || r.ended <= oldest; };
  for (auto* lists : {&by_key_, &by_origin_})
    for (auto of = lists->begin(); of != lists->end();) {
      std::erase_if(of->second, [&](RowId id) { return gone(rows_.at(id)); });
      of = of->second.empty() ? lists->erase(of) : std::next(of);
    }
  forgotten = static_cast<std::int64_t>(
      std::erase_if(rows_, [&](const auto& entry) { return gone(entry.second); }));
  dead_ -= forgotten;
  return forgotten;
}

}  // namespace fieldsim::serving
