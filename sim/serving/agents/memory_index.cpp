#include "sim/serving/agents/memory_index.hpp"

#include <algorithm>

namespace fieldsim::serving {

namespace {
constexpr std::int64_t kReadAndWrite = 2;
constexpr std::uint64_t kInitial = 0;  // origin of the rows that nobody wrote
}  // namespace

MemoryIndex::MemoryIndex(VectorIndex::Machine machine, const MemoryParams& p, Duration kernel_gap)
    : m_(machine) {
  if (!p.index) return;
  IndexParams index = *p.index;
  index.vectors = p.objects;
  compact_at_ = p.compact_at;
  index_ = std::make_unique<VectorIndex>(machine, index, kernel_gap, true);
}

des::Task<bool> MemoryIndex::search() {
  const Time began = m_.engine.now();
  hardware::Account spent;
  const bool found = co_await index_->probe(spent);
  searching_ += m_.engine.now() - began;
  missed_ += found ? 0 : 1;
  co_return found;
}

des::Task<> MemoryIndex::insertion() {
  hardware::Account spent;
  co_await index_->prepare(spent);
}

void MemoryIndex::wrote(std::int64_t memory, std::uint64_t serial) {
  if (!index_) return;
  unverified_[serial] = index_->rows().insert(static_cast<std::uint64_t>(memory), serial);
}

void MemoryIndex::settled(std::int64_t memory, std::uint64_t serial) {
  if (!index_) return;
  const auto row = unverified_.find(serial);
  const auto before = current_.find(memory);
  // The row that the index began with is known to it only now that it dies.
  index_->rows().erase(before != current_.end()
                           ? before->second
                           : index_->load(static_cast<std::uint64_t>(memory), kInitial));
  current_[memory] = row->second;
  unverified_.erase(row);
  bury();
}

void MemoryIndex::undone(std::uint64_t serial) {
  if (!index_) return;
  unverified_.erase(serial);
  index_->rows().invalidate(serial);
  bury();
}

void MemoryIndex::bury() {
  dead_peak_ = std::max(dead_peak_, dead());
  if (compacting_ ||
      static_cast<double>(dead()) < compact_at_ * static_cast<double>(index_->size()))
    return;
  compacting_ = true;
  m_.engine.spawn(compact(), "memory compaction");
}

// The whole index is read and written once, beside everything else; then the dead are gone.
des::Process MemoryIndex::compact() {
  const Bytes moved = index_->bytes() * kReadAndWrite;
  if (index_->params().place == IndexPlace::device)
    co_await m_.device.memory_flow(moved, BytesPerSecond::max());
  else
    co_await m_.host.memory_flow(moved, BytesPerSecond::max());
  index_->rows().compact(index_->rows().snapshot());
  ++compactions_;
  compacting_ = false;
}

}  // namespace fieldsim::serving
