#pragma once
// Paged KV memory: equal blocks of token slots, shared by reference and copied when written (paged
// attention: Kwon et al., SOSP'23, arXiv 2309.06180). A data structure without a clock: what costs
// time (a copy, a swap) is returned in bytes, and the caller charges it to the device or the link.
//
// Invariants: (1) a block in use has at least one reference, and used + free == capacity in each
// place; (2) a block that more than one table references is never written; (3) the digest of a
// table depends only on what was appended to it, not on who shares its blocks.
// Every operation is O(1) for each block it touches. REQUIRES of all: tables come from this pool.
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/units.hpp"

namespace fieldsim::serving {

using BlockId = std::uint32_t;

// Why a table holds its blocks. A block is charged to the first of these that references it: a page
// of the cache stays the cache's while requests share it, and retained is what only snapshots hold.
enum class Holder : std::uint8_t {
  anchor,    // a cache of anchors or prefixes: evictable while nobody else references it
  sequence,  // a running or preempted request
  retained,  // a snapshot that a rollback would return to
};
inline constexpr std::size_t kHolders = 3;

enum class Place : std::uint8_t { device, host };
inline constexpr std::size_t kPlaces = 2;

struct PoolParams {
  Bytes block_bytes;  // keys and values of block_tokens tokens, all layers
  std::int64_t block_tokens = 16;
  std::int64_t device_blocks = 0;
  std::int64_t host_blocks = 0;  // swap space
};

// The blocks of one sequence, anchor or snapshot, in order. Owns one reference to each; only the
// pool changes it, and release() ends it (a table dropped without it leaks: BlockPool::used).
class BlockTable {
 public:
  explicit BlockTable(Holder holder = Holder::sequence, std::uint64_t tag = 0)
      : tag_(tag), holder_(holder) {}
  BlockTable(BlockTable&& o) noexcept;
  BlockTable& operator=(BlockTable&& o) noexcept;  // REQUIRES: this table is empty
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;
  ~BlockTable() = default;

  std::int64_t tokens() const { return tokens_; }
  std::int64_t size() const { return static_cast<std::int64_t>(blocks_.size()); }
  const std::vector<BlockId>& blocks() const { return blocks_; }
  Holder holder() const { return holder_; }
  std::uint64_t tag() const { return tag_; }  // the holder's own name for it: see victim()

 private:
  friend class BlockPool;
  std::vector<BlockId> blocks_;
  std::int64_t tokens_ = 0;
  std::uint64_t tag_;
  Holder holder_;
};

class BlockPool {
 public:
  explicit BlockPool(const PoolParams& params);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  const PoolParams& params() const { return p_; }

  // Device blocks that appending `tokens` tokens takes, a copy-on-write included.
  std::int64_t needed(const BlockTable& table, std::int64_t tokens) const;

  // Appends `tokens` tokens, the i-th with the symbol (content, i). Returns the bytes copied within
  // device memory because the last block was shared; nothing, and no change, when blocks are
  // lacking. REQUIRES: the table lies in device memory.
  std::optional<Bytes> append(BlockTable& table, std::int64_t tokens, std::uint64_t content);

  // A table that shares every block: a snapshot at a boundary, or a request that uses an anchor.
  BlockTable fork(const BlockTable& table, Holder holder, std::uint64_t tag = 0);

  // Keeps the first `tokens` tokens. REQUIRES: 0 <= tokens <= table.tokens().
  void truncate(BlockTable& table, std::int64_t tokens);
  void release(BlockTable& table);

  // Preemption by swapping: moves the blocks that only `table` references, and returns their bytes
  // for the link; shared blocks stay. Nothing, and no change, when the other place is full or a
  // block is pinned.
  std::optional<Bytes> swap_out(BlockTable& table);
  std::optional<Bytes> swap_in(BlockTable& table);
  // Preemption by recomputation: frees everything; returns the tokens to prefill again.
  std::int64_t drop(BlockTable& table);
  bool on_device(const BlockTable& table) const;

  // A pinned block is neither evicted nor swapped. Pins count.
  void pin(const BlockTable& table);
  void unpin(const BlockTable& table);

  // Eviction: of the unpinned device blocks that only Holder::anchor references, and only once, the
  // tag of the least recently touched. The holder then releases that table.
  std::optional<std::uint64_t> victim() const;
  void touch(const BlockTable& table);  // most recent from now on
  bool evictable(const BlockTable& table) const;

  // State that is no block table (full copies, hashes), rounded up to whole device blocks.
  bool reserve(Holder holder, Bytes bytes);  // false, and no change, when blocks are lacking
  void unreserve(Holder holder, Bytes bytes);

  // What the first `tokens` tokens of a table hold, as a number: equal contents, equal digests.
  std::uint64_t digest(const BlockTable& table) const { return digest(table, table.tokens()); }
  std::uint64_t digest(const BlockTable& table, std::int64_t tokens) const;

  std::int64_t references(BlockId id) const;
  std::int64_t capacity(Place place) const;
  std::int64_t used(Place place) const { return used_[index(place)]; }
  std::int64_t used(Holder holder) const { return held_[index(holder)]; }  // in device memory
  std::int64_t free(Place place) const { return capacity(place) - used(place); }
  std::int64_t peak(Place place) const { return used_peak_[index(place)]; }
  std::int64_t peak(Holder holder) const { return held_peak_[index(holder)]; }
  std::int64_t evictable_blocks() const { return evictable_; }
  std::int64_t blocks_for(std::int64_t tokens) const {
    return (tokens + p_.block_tokens - 1) / p_.block_tokens;
  }
  std::int64_t blocks_for_bytes(Bytes bytes) const {
    return (bytes + p_.block_bytes - Bytes::raw(1)) / p_.block_bytes;
  }
  Bytes bytes(std::int64_t blocks) const { return p_.block_bytes * blocks; }

  // Recounts every invariant from the blocks: O(blocks ever used), for tests and the end of a run.
  void verify() const;

 private:
  static constexpr BlockId kNone = UINT32_MAX;
  struct Block {
    std::array<std::int32_t, kHolders> refs{};
    std::int32_t pins = 0;
    Place place = Place::device;
    bool listed = false;  // in the LRU list of evictable blocks
    BlockId previous = kNone, next = kNone;
    std::uint64_t tag = 0;  // of the Holder::anchor tables, xor: with one left, its own
    std::int32_t references() const { return refs[0] + refs[1] + refs[2]; }
  };
  template <class Enum>
  static constexpr std::size_t index(Enum e) {
    return static_cast<std::size_t>(e);
  }

  BlockId take(Holder holder, std::uint64_t tag);
  void add_reference(BlockId id, Holder holder, std::uint64_t tag);
  void drop_reference(BlockId id, Holder holder, std::uint64_t tag);
  void charge(const Block& b, std::int64_t sign);
  void relist(BlockId id);
  void unlink(BlockId id);
  void count(Place place, std::int64_t blocks);
  void hold(std::size_t holder, std::int64_t blocks);
  bool may_move(const BlockTable& table, Place from, std::int64_t& blocks) const;
  void move(BlockTable& table, Place from, Place to);
  bool shares_last(const BlockTable& table) const;
  std::uint64_t& slot(BlockId id, std::int64_t i);

  PoolParams p_;
  std::vector<Block> blocks_;
  std::vector<BlockId> spare_;           // ids not in use
  std::vector<std::uint64_t> contents_;  // digest of the prefix that ends in each slot
  std::array<std::int64_t, kPlaces> used_{}, used_peak_{};
  std::array<std::int64_t, kHolders> held_{}, held_peak_{};
  std::array<std::int64_t, kHolders> reserved_{};
  BlockId oldest_ = kNone, newest_ = kNone;
  std::int64_t evictable_ = 0;
};

}  // namespace fieldsim::serving
