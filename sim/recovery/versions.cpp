#include "sim/recovery/versions.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::recovery {

MemoryStore::MemoryStore(std::int64_t memories, Visibility visibility)
    : visibility_(visibility), rows_(static_cast<std::size_t>(memories)), versions_(memories) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].push_back(std::make_unique<Version>());
    rows_[i].back()->memory = static_cast<std::int64_t>(i);
    rows_[i].back()->agent = -1;
    rows_[i].back()->committed = Time::zero();
  }
}

const Version* MemoryStore::read(std::int64_t memory, Time began) const {
  const Row& row = rows_[static_cast<std::size_t>(memory)];
  switch (visibility_) {
    case Visibility::read_uncommitted:
    case Visibility::quarantine:
      return row.back().get();
    case Visibility::strict:
      return row.back()->settled() ? row.back().get() : nullptr;
    case Visibility::read_committed:
    case Visibility::snapshot:
      break;
  }
  const Time limit = visibility_ == Visibility::snapshot ? began : Time::never();
  for (auto v = row.rbegin(); v != row.rend(); ++v)
    if ((*v)->settled() && (*v)->committed <= limit) return v->get();
  SIM_CHECK(false, "a memory has no committed version");
  return nullptr;
}

Version* MemoryStore::write(std::int64_t memory, std::int64_t agent, Time now) {
  Row& row = rows_[static_cast<std::size_t>(memory)];
  row.push_back(std::make_unique<Version>());
  Version* v = row.back().get();
  v->memory = memory;
  v->agent = agent;
  v->written = now;
  ++versions_;
  return v;
}

void MemoryStore::settle(Version* version, Time now) {
  version->committed = now;
  collect(rows_[static_cast<std::size_t>(version->memory)], now);
}

void MemoryStore::tombstone(Version* version) {
  Row& row = rows_[static_cast<std::size_t>(version->memory)];
  const auto at =
      std::find_if(row.begin(), row.end(), [&](const auto& v) { return v.get() == version; });
  SIM_CHECK(at != row.end() && !version->settled(), "a version is undone that is not open");
  row.erase(at);
  --versions_;
  ++tombstones_;
}

// Keeps the newest version that every open and future snapshot can see, and all after it.
void MemoryStore::collect(Row& row, Time now) {
  const Time oldest =
      visibility_ == Visibility::snapshot && !snapshots_.empty() ? *snapshots_.begin() : now;
  for (std::size_t i = row.size(); i-- > 0;) {
    if (!row[i]->settled() || row[i]->committed > oldest) continue;
    // Settled versions below this one are seen by nobody; open ones may still settle.
    const auto keep = static_cast<std::ptrdiff_t>(i);
    const auto gone =
        std::remove_if(row.begin(), row.begin() + keep, [](const auto& v) { return v->settled(); });
    versions_ -= (row.begin() + keep) - gone;
    row.erase(gone, row.begin() + keep);
    return;
  }
}

void MemoryStore::open_snapshot(Time began) {
  if (visibility_ == Visibility::snapshot) snapshots_.insert(began);
}

void MemoryStore::close_snapshot(Time began) {
  if (const auto at = snapshots_.find(began); at != snapshots_.end()) snapshots_.erase(at);
}

}  // namespace fieldsim::recovery
